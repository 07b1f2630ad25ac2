import { Monitor, type Clock, type Random } from '@steadfast/shared';
import { PgProber } from '../discovery/pg-prober.ts';
import { questionConfig } from '../discovery/probe-lines.ts';
import type { Scout } from '../discovery/scout.ts';
import type { Who } from '../dial/dial-context.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import type { Strategy } from '../strategies/strategy.ts';

/** The monitor of one cluster, put together from the settings of the first pool on it. */
export function createMonitor(
  settings: PoolSettings,
  strategy: Strategy,
  who: Who,
  scouts: ReadonlySet<Scout>,
  clock: Clock,
  random: Random,
): Monitor {
  const { ha, pool } = settings;
  const { observe, freshProbes: fresh, stream } = strategy;
  const config = questionConfig(pool, stream);
  return new Monitor({
    name: `PostgreSQL (${ha.strategy})`,
    clock,
    random,
    rule: strategy.rule,
    seeds: strategy.seeds,
    resolvers: strategy.resolvers,
    prober: new PgProber({ clock, config, observe, who, fresh, scouts }),
    refreshMs: ha.refreshMs,
    searchMinMs: ha.searchMinMs,
    searchMaxMs: Math.max(ha.searchMinMs, ha.searchMaxMs),
    probeTimeoutMs: ha.probeTimeoutMs,
    resolveTimeoutMs: ha.probeTimeoutMs,
  });
}
