import type { Bound } from '@steadfast/check';
import type { LabDescription } from '@steadfast/lab';
import type { Turn } from './plans.ts';

export type Library = 'pg' | 'redis';

/**
 * By what a client finds the primary, and so when it can find a new one: by the members themselves, through HAProxy, by
 * a provider's name, or by what a majority of the sentinels says.
 */
export type Route = 'members' | 'haproxy' | 'name' | 'sentinels';

/** A client under test: one of ours under one strategy, or a peer as its users set it up. */
export interface ClientSpec {
  /** library/way, as it stands in tables and is picked by `--client` */
  readonly name: string;
  readonly library: Library;
  /** ours: held to the promises; peers are measured only */
  readonly ours: boolean;
  readonly route: Route;
  /** it can be led through proxies: addresses that Patroni or a name give cannot, those that sentinels give can be translated */
  readonly linkable?: boolean;
  /** kinds of work that must never fail where their deadline is longer than the outage */
  readonly safe: readonly string[];
  /** it acknowledges only what outlives a failover, whatever the servers promise by themselves */
  readonly keeps?: boolean;
  /** how long it may take to hear of a primary that moves while the old one goes on taking writes, ms; default 0 */
  readonly hearsMs?: number;
  /** what its samples are held against; peers promise nothing */
  readonly bounds?: Readonly<Record<string, Bound>>;
}

/** What a client process needs in order to reach the lab; plain JSON. */
export interface Access {
  readonly description: LabDescription;
  /** longer than the outage: what calls of ours are given, where they are not brief on purpose */
  readonly deadlineMs: number;
  /** for ours: the environment that an operator would set */
  readonly env: Record<string, string>;
  /** holds the password, to be read at each login; absent where it does not change */
  readonly passwordFile?: string;
  /** where to dial instead of what the sentinels call a server (`host:port`); absent where that is right */
  readonly natMap?: Readonly<Record<string, { host: string; port: number }>>;
  /** what its rows and keys are marked with (default: the client's name) */
  readonly label?: string;
}

/** What came of a call. */
export interface Answer {
  /** of the server that did it, where the answer tells */
  readonly epoch?: number | undefined;
  /** when its write was acknowledged, where it went on to read: ns on the machine's monotonic clock */
  readonly wroteAt?: number;
  /** what was read, where a checker wants to know it */
  readonly value?: unknown;
}

/** One kind of work. */
export interface Work {
  /** what a call sets out to do, where a checker has to know it of calls that fail, too */
  readonly intent?: (turn: Turn) => unknown;
  readonly run: (id: string, turn: Turn) => Promise<Answer>;
  /** by its own word the call ends within this; absent where the client has no deadlines */
  readonly deadlineMs?: number;
  /** no part of the load: begun where a fault asks for it */
  readonly onRequest?: boolean;
}

/** A client at work, in its own process. */
export interface Driver {
  readonly work: Readonly<Record<string, Work>>;
  /** `fail` where the error says that nothing was applied */
  readonly outcomeOf: (error: unknown) => 'fail' | 'unknown';
  /** what the client says of itself now, for its bounds */
  readonly sample?: () => Record<string, number>;
  readonly close: () => Promise<void>;
}
