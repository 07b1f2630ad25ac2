/** Of connections that the client opens for itself. Their first command always comes before they stand: it has to wait. */
export const OWN_CONNECTION = { blocking: 'inline', enableOfflineQueue: true, metrics: undefined } as const;
