/** What one deployment costs to ask, and how long a failover takes in it, ms. */
export interface FleetKind {
  readonly rule: 'self' | 'nominated';
  /** connections of a process */
  readonly pool: number;
  readonly dialConcurrency: number;
  readonly loginMs: number;
  readonly questionMs: number;
  /** so many at least may wait at the new primary before they are logged in, and so many of each process */
  readonly room: { readonly least: number; readonly each: number; readonly most: number };
  /** the connection on which a question has found the primary serves the first call that waits */
  readonly spares: boolean;
  /** a dial whose first packet is dropped sends others, as questions do; otherwise the kernel sends it again */
  readonly dialsKnock: boolean;
  /** control plane: how many answer, and what a question takes there */
  readonly planes: number;
  readonly planeMs: number;
  /** so many may wait at each of them */
  readonly planeRoom: number;
  /** all of them are asked each time, not one after the other */
  readonly askAll: boolean;
  /** in a search it is asked no more often, ms */
  readonly searchEveryMs: number;
  /** the control plane names the new primary so long before (-) or after it takes work */
  readonly namedMs: number;
}

/** What Linux allows a listen queue, whatever its owner asks for (net.core.somaxconn). */
const SOMAXCONN = 4_096;

export const FLEETS: { readonly patroni: FleetKind; readonly sentinel: FleetKind } = {
  patroni: {
    rule: 'self',
    pool: 5,
    dialConcurrency: 2,
    loginMs: 1,
    questionMs: 0.05,
    // Twice max_connections, which has room for each process's pool and its questions.
    room: { least: 200, each: 14, most: SOMAXCONN },
    spares: true,
    dialsKnock: false,
    planes: 2,
    planeMs: 1,
    planeRoom: SOMAXCONN,
    askAll: false,
    searchEveryMs: 250,
    namedMs: -150,
  },
  sentinel: {
    rule: 'nominated',
    pool: 1,
    dialConcurrency: 4,
    loginMs: 0.1,
    questionMs: 0.02,
    // Redis takes in whoever knocks; who is logged in when is a matter of its one thread.
    room: { least: Infinity, each: 0, most: Infinity },
    spares: false,
    dialsKnock: true,
    planes: 3,
    planeMs: 0.02,
    planeRoom: Infinity,
    askAll: true,
    searchEveryMs: 0,
    namedMs: 800,
  },
};
