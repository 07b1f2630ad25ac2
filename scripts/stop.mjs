/** A reason to stop that the user can act on: printed as one plain message, without a stack. */
export class Stop extends Error {}
