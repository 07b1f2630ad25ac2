import type { Lab, LinkProxy } from '@steadfast/lab';
import type { Library } from '../clients/client.ts';
import type { RestProxy } from '../run/rest-proxy.ts';

/**
 * What a fault does to the way to the primary.
 * - `moves`: another member becomes the primary
 * - `stays`: the same one accepts writes again
 * - `either`: one of these
 * - `route`: HAProxy alone is out; who does not go through it must not notice
 * - `healed`: the way is open again at the moment of healing
 * - `whole`: several at once; once all is healed and the cluster is whole, every client must write again
 * - `none`: the primary can be reached all the time
 */
export type Shape = 'moves' | 'stays' | 'either' | 'route' | 'healed' | 'whole' | 'none';

/** What a fault lays hands on: two that touch the same are not made at the same time. */
export type Part =
  'primary' | 'replicas' | 'dcs' | 'sentinels' | 'haproxy' | 'dns' | 'rest' | 'links' | 'logins' | 'clients';

/** A client's process, and what may happen to that. */
export interface Subject {
  /** SIGSTOP */
  suspend(): void;
  /** SIGCONT */
  resume(): void;
  /** its event loop does nothing else for so long */
  block(ms: number): void;
  /** its wall clock is off by so much from now on */
  shiftClock(ms: number): void;
  /** it begins so many calls of a kind that is not part of its load */
  begin(kind: string, count: number): void;
}

export interface Stage {
  readonly lab: Lab;
  /** where clients of a `linked` fault dial through */
  readonly links: readonly LinkProxy[];
  /** before the REST API of each Patroni, where clients of a `rest` fault ask */
  readonly rest: readonly RestProxy[];
  readonly clients: readonly Subject[];
  /** sets the password that clients with `password` as a function read at each login */
  readonly setPassword: (password: string) => void;
  /** notes what went wrong that is no client's doing */
  readonly say: (trouble: string) => void;
  /** what takes a minute is to be made shorter */
  readonly brief: boolean;
}

export interface Made {
  /** undoes it; a second call does nothing */
  heal(): Promise<unknown>;
  /** what is put right only when the way is open again */
  mend?(): Promise<unknown>;
}

/** Deadline of calls that a fault of a minute, or several outages one after the other, must not use up, ms. */
export const PATIENT_MS = 90_000;

/** A fault of the campaign: what is done, what is to be expected of it, and how long it takes. */
export interface CampaignFault {
  readonly name: string;
  readonly library: Library;
  readonly meaning: string;
  readonly shape: Shape;
  /** the way opens again only once the fault is healed, after `holdMs` */
  readonly opensOnHeal?: boolean;
  /** some clients have no way while it lasts: it is healed after `holdMs`, whoever has not come back by then */
  readonly keepsOut?: boolean;
  /** how long the fault lasts where nothing is waited for, ms */
  readonly holdMs?: number;
  /** the same in a quick run, ms */
  readonly briefHoldMs?: number;
  /** load goes on for so long after healing, ms */
  readonly afterMs?: number;
  /** clients dial through proxies, so that their links can be broken; those that cannot are left out */
  readonly linked?: boolean;
  /** clients ask Patroni through proxies, so that it can be made to lie */
  readonly rest?: boolean;
  /** clients read their password from a file at each login, where they can */
  readonly rotatesPassword?: boolean;
  /** clients' processes are stopped for a while: they are measured from when they run again */
  readonly stopsClients?: boolean;
  /** servers refuse logins, certificates or work, which clients tell at once instead of waiting: work may fail, with a clear outcome */
  readonly refuses?: boolean;
  /** deadline of the calls, where the usual one is shorter than the outage, or so long that it shows nothing, ms */
  readonly deadlineMs?: number;
  /** about how long a run takes, s */
  readonly aboutS: number;
  /** with what it may be combined; one without stands alone */
  readonly combines?: Combining;
  readonly make: (stage: Stage) => Promise<Made>;
}

export interface Combining {
  readonly touches: readonly Part[];
  /** members that are away while it lasts; default 0 */
  readonly down?: number;
}

/** A fault of one library, as a row. */
export function faultOf(
  library: Library,
): (
  name: string,
  meaning: string,
  shape: Shape,
  aboutS: number,
  make: CampaignFault['make'],
  more?: Partial<CampaignFault>,
) => CampaignFault {
  return (name, meaning, shape, aboutS, make, more = {}) => ({
    name,
    library,
    meaning,
    shape,
    aboutS,
    make,
    ...more,
  });
}
