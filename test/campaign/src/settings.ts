import type { LabOptions } from '@steadfast/lab';
import type { Library } from './clients/client.ts';

/** How the servers are set up; a lab is started for each. */
export interface Setting {
  readonly name: string;
  readonly library: Library;
  readonly meaning: string;
  readonly lab: LabOptions;
  /** what the servers acknowledge outlives a failover */
  readonly serversKeep: boolean;
}

const pg = (name: string, synchronousMode: boolean, meaning: string): Setting => ({
  name,
  library: 'pg',
  meaning,
  lab: { redis: false, pgbouncer: false, postgres: { synchronousMode } },
  serversKeep: synchronousMode,
});

const redis = (name: string, downAfterMs: number): Setting => ({
  name,
  library: 'redis',
  meaning: `down-after-milliseconds ${downAfterMs.toLocaleString('en')}`,
  lab: { postgres: false, haproxy: false, pgbouncer: false, redis: { downAfterMs } },
  serversKeep: false,
});

export const SETTINGS: readonly Setting[] = [
  pg('sync-on', true, 'synchronous_mode on'),
  redis('down-after-1000', 1_000),
  pg('sync-off', false, 'synchronous_mode off'),
  redis('down-after-5000', 5_000),
];
