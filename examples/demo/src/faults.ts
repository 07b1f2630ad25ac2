import type { FaultName } from '@steadfast/lab';
import type { Database } from './analysis/server-window.ts';

/** How the demo makes one fault and waits for its end. */
export interface DemoFault {
  readonly name: FaultName;
  readonly database: Database;
  readonly title: string;
  /** one sentence for whoever watches */
  readonly means: string;
  /** whom it hits: 'primary' (PostgreSQL), 'master' (Redis); undefined where the lab knows */
  readonly target?: 'primary' | 'master';
  /**
   * `recovers`: the cluster gets over it by itself, healing comes after that.
   * `holds`: it lasts `holdMs` and is then healed; writes may stop until then.
   */
  readonly course: { readonly kind: 'recovers' } | { readonly kind: 'holds'; readonly holdMs: number };
  /** where it can be made at all, if not under every strategy */
  readonly strategy?: 'haproxy';
}

const recovers = { kind: 'recovers' } as const;
const holds = (holdMs: number): DemoFault['course'] => ({ kind: 'holds', holdMs });

const LIST: readonly DemoFault[] = [
  {
    name: 'switchover',
    database: 'postgres',
    title: 'PostgreSQL switchover',
    means: 'Patroni is asked to make the synchronous replica the primary.',
    course: recovers,
  },
  {
    name: 'crash',
    database: 'postgres',
    title: 'PostgreSQL crash',
    means: 'Every process on the primary’s host is killed; Patroni’s lease has to run out first.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'kill-postgres',
    database: 'postgres',
    title: 'PostgreSQL killed',
    means: 'The primary’s PostgreSQL is killed; its Patroni lives and starts it again.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'kill-patroni',
    database: 'postgres',
    title: 'Patroni killed',
    means: 'The primary’s Patroni is killed; its PostgreSQL goes on without a keeper.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'freeze',
    database: 'postgres',
    title: 'PostgreSQL host frozen',
    means: 'Every process on the primary’s host is stopped: connections stay open, nothing answers.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'freeze-postgres',
    database: 'postgres',
    title: 'PostgreSQL frozen',
    means: 'The primary’s PostgreSQL is stopped: connections stay open, nothing answers.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'partition',
    database: 'postgres',
    title: 'PostgreSQL cut off',
    means: 'The primary’s host is cut off from everything: packets vanish, nothing is reset.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'partition-dcs',
    database: 'postgres',
    title: 'etcd cut off',
    means: 'The primary’s Patroni is cut off from etcd, and from etcd alone.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'partition-clients',
    database: 'postgres',
    title: 'Clients cut off',
    means: 'The app is cut off from a healthy cluster for 8 s.',
    course: holds(8_000),
  },
  {
    name: 'restart',
    database: 'postgres',
    title: 'PostgreSQL restart',
    means: 'The primary’s PostgreSQL is restarted in place.',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'etcd-quorum-loss',
    database: 'postgres',
    title: 'etcd quorum lost',
    means: 'Two of three etcd are killed for 25 s: nobody may stay primary.',
    course: holds(25_000),
  },
  {
    name: 'too-many-connections',
    database: 'postgres',
    title: 'Connections used up',
    means: 'Idle connections of others take every free slot of the primary for 8 s.',
    course: holds(8_000),
  },
  {
    name: 'haproxy-restart',
    database: 'postgres',
    title: 'HAProxy restart',
    means: 'HAProxy is restarted, which cuts all its connections.',
    course: holds(5_000),
    strategy: 'haproxy',
  },
  {
    name: 'haproxy-down',
    database: 'postgres',
    title: 'HAProxy down',
    means: 'HAProxy is killed and comes back after 8 s.',
    course: holds(8_000),
    strategy: 'haproxy',
  },
  {
    name: 'sentinel-failover',
    database: 'redis',
    title: 'Redis planned failover',
    means:
      'A Sentinel is asked to make a replica the primary; the old primary lives on beside it for a while.',
    course: recovers,
  },
  {
    name: 'redis-crash',
    database: 'redis',
    title: 'Redis crash',
    means: 'The primary’s Redis is killed.',
    target: 'master',
    course: recovers,
  },
  {
    name: 'redis-freeze',
    database: 'redis',
    title: 'Redis frozen',
    means: 'The primary’s Redis is stopped: connections stay open, nothing answers.',
    target: 'master',
    course: recovers,
  },
  {
    name: 'redis-partition',
    database: 'redis',
    title: 'Redis cut off',
    means: 'The primary’s Redis and Sentinel are cut off: packets vanish, nothing is reset.',
    target: 'master',
    course: recovers,
  },
  {
    name: 'sentinel-minority',
    database: 'redis',
    title: 'One Sentinel frozen',
    means: 'One of three Sentinels is stopped for 8 s, the one that clients ask first.',
    course: holds(8_000),
  },
  {
    name: 'sentinel-majority-loss',
    database: 'redis',
    title: 'Two Sentinels killed',
    means: 'Two of three Sentinels are killed for 8 s: no failover could happen.',
    course: holds(8_000),
  },
];

export const DEMO_FAULTS: ReadonlyMap<string, DemoFault> = new Map(LIST.map((fault) => [fault.name, fault]));

export const DEFAULT_FAULTS: readonly FaultName[] = [
  'switchover',
  'crash',
  'sentinel-failover',
  'redis-crash',
];
