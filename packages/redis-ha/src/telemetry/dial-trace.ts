/** One dial as `steadfast:redis:dial` tells it. */
export interface DialTrace {
  /** host:port of who is dialled */
  readonly member: string;
  /** set by the channel where the dial failed */
  error?: unknown;
}
