import { wrongSetting, type Clock, type HaLogger } from '@steadfast/shared';
import type { PoolSettings } from '../options/pool-options.ts';
import { observeIdentity } from './observe.ts';
import { patroniSource } from './patroni-source.ts';
import type { Strategy } from './strategy.ts';

/** Members are learnt from Patroni's REST API and dialled directly; each says itself what it is. */
export function patroni(settings: PoolSettings, clock: Clock, log: HaLogger): Strategy {
  const { patroniUrls } = settings.ha;
  if (!patroniUrls) {
    const allowed =
      'with PG_HA_STRATEGY=patroni, the REST address of at least one member: http://host:8008[,http://host2:8008…]';
    throw wrongSetting('PG_HA_PATRONI_URLS', 'not set', allowed);
  }
  return {
    rule: 'self',
    seeds: [],
    resolvers: [patroniSource(patroniUrls, settings, clock, log)],
    freshProbes: false,
    observe: observeIdentity,
  };
}
