import type { Bound } from '@steadfast/check';

/** So many calls of one client may wait for a primary: more than come in the longest outage of the campaign. */
export const MAX_WAITING = 4_000;
export const POOL_MAX = 10;
/** Connections of a pool for reads to each member: all clients share the lab's. */
export const READER_MAX = 3;

/**
 * What our clients may come to, whatever the fault. `sockets` and `dials` are those of the whole process, looks at members,
 * control plane and name servers included.
 */
export const PG_BOUNDS: Readonly<Record<string, Bound>> = {
  waiting: { most: MAX_WAITING },
  connections: { most: POOL_MAX },
  sockets: { most: 60 },
  dials: { mostPerSecond: 300 },
  rssMb: { most: 300 },
};

export const REDIS_BOUNDS: Readonly<Record<string, Bound>> = {
  waiting: { most: MAX_WAITING },
  sockets: { most: 30 },
  dials: { mostPerSecond: 300 },
  rssMb: { most: 300 },
};
