import type { FaultName } from '@steadfast/lab';
import type { Database } from './analysis/server-window.ts';

/** How the demo makes one fault and waits for its end. */
export interface DemoFault {
  readonly name: FaultName;
  readonly database: Database;
  readonly title: string;
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
  { name: 'switchover', database: 'postgres', title: 'PostgreSQL switchover', course: recovers },
  { name: 'crash', database: 'postgres', title: 'PostgreSQL crash', target: 'primary', course: recovers },
  {
    name: 'kill-postgres',
    database: 'postgres',
    title: 'PostgreSQL killed',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'kill-patroni',
    database: 'postgres',
    title: 'Patroni killed',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'freeze',
    database: 'postgres',
    title: 'PostgreSQL host frozen',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'freeze-postgres',
    database: 'postgres',
    title: 'PostgreSQL frozen',
    target: 'primary',
    course: recovers,
  },
  {
    name: 'partition',
    database: 'postgres',
    title: 'PostgreSQL cut off',
    target: 'primary',
    course: recovers,
  },
  { name: 'partition-dcs', database: 'postgres', title: 'etcd cut off', target: 'primary', course: recovers },
  {
    name: 'partition-clients',
    database: 'postgres',
    title: 'Clients cut off',
    course: holds(8_000),
  },
  { name: 'restart', database: 'postgres', title: 'PostgreSQL restart', target: 'primary', course: recovers },
  { name: 'etcd-quorum-loss', database: 'postgres', title: 'etcd quorum lost', course: holds(25_000) },
  { name: 'too-many-connections', database: 'postgres', title: 'Connections used up', course: holds(8_000) },
  {
    name: 'haproxy-restart',
    database: 'postgres',
    title: 'HAProxy restart',
    course: holds(5_000),
    strategy: 'haproxy',
  },
  {
    name: 'haproxy-down',
    database: 'postgres',
    title: 'HAProxy down',
    course: holds(8_000),
    strategy: 'haproxy',
  },
  { name: 'sentinel-failover', database: 'redis', title: 'Redis planned failover', course: recovers },
  { name: 'redis-crash', database: 'redis', title: 'Redis crash', target: 'master', course: recovers },
  { name: 'redis-freeze', database: 'redis', title: 'Redis frozen', target: 'master', course: recovers },
  { name: 'redis-partition', database: 'redis', title: 'Redis cut off', target: 'master', course: recovers },
  { name: 'sentinel-minority', database: 'redis', title: 'One sentinel down', course: holds(8_000) },
  { name: 'sentinel-majority-loss', database: 'redis', title: 'Two sentinels down', course: holds(8_000) },
];

export const DEMO_FAULTS: ReadonlyMap<string, DemoFault> = new Map(LIST.map((fault) => [fault.name, fault]));

export const DEFAULT_FAULTS: readonly FaultName[] = [
  'switchover',
  'crash',
  'sentinel-failover',
  'redis-crash',
];
