import { clusterKey, SharedByKey } from '@steadfast/shared';
import type { HaOptions } from '../options/option-table.ts';
import type { Settings } from '../options/settings.ts';
import type { ReplicationGroup } from './replication-group.ts';

/** Clients with equal settings watch their group together: one refresh, whatever the number of clients. */
export const groups: SharedByKey<ReplicationGroup> = new SharedByKey((group) => group.close());

/**
 * What concerns a client alone. All other options count: one that nobody thought of here separates what could have been
 * shared, and never joins what should be apart. (The URL counts by what is read from it: its database does not.)
 */
const CLIENTS_OWN: ReadonlySet<string> = new Set<keyof HaOptions>([
  'url',
  'failoverWaitMs',
  'idlePingMs',
  'silenceMs',
  'maxWaiting',
  'maxWaitingBytes',
  'blocking',
  'blockingCheckMs',
  'useMax',
  'useIdleMs',
  'enableOfflineQueue',
  'autoResendUnfulfilledCommands',
]);

/** The same for clients that may watch their group together: where it is, who asks, over what TLS, how, and who is told. */
export function groupKey(settings: Settings): string {
  const { ha, endpoint, sentinels, data, sentinel, natMap, logger, clock, random } = settings;
  const watched = Object.fromEntries(Object.entries(ha).filter(([name]) => !CLIENTS_OWN.has(name)));
  return clusterKey({ ...watched, endpoint, sentinels, data, sentinel, natMap, logger, clock, random });
}
