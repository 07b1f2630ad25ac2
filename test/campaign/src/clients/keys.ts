/** Where a Redis client's work lies. */
export interface Keys {
  /** one counter, for INCR */
  readonly counter: string;
  /** a list of ids, for RPUSH */
  readonly list: string;
  /** the same, by way of `once` */
  readonly once: string;
  /** a list of each name that a plan gives: this and the name */
  readonly lists: string;
  /** a key for each SET: this and the id */
  readonly set: string;
}

export function keysOf(client: string): Keys {
  const key = (what: string): string => `campaign:{${client}}:${what}`;
  return {
    counter: key('counter'),
    list: key('list'),
    once: key('once'),
    lists: key('lists:'),
    set: key('set:'),
  };
}
