import type { Clock, HaLogger } from '@steadfast/shared';
import { HintResolver } from '../discovery/hint-resolver.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import { namedHosts } from './named-hosts.ts';
import { observeIdentity } from './observe.ts';
import { patroniSource } from './patroni-source.ts';
import type { Strategy } from './strategy.ts';

/** One or several HAProxy addresses: routes to whoever is primary. The role is verified behind each on every dial. */
export function haproxy(settings: PoolSettings, clock: Clock, log: HaLogger): Strategy {
  const { hosts, patroniUrls } = settings.ha;
  return {
    rule: 'route',
    seeds: namedHosts(settings, hosts),
    resolvers: patroniUrls ? [new HintResolver(patroniSource(patroniUrls, settings, clock, log))] : [],
    freshProbes: true,
    observe: observeIdentity,
    replicas: settings.ha.readerHosts ?? [],
  };
}
