import { HaError, wrongSetting, type HaLogger } from '@steadfast/shared';
import type pg from 'pg';
import type { HaClient } from '../dial/ha-client.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import type { Tell } from '../pool/pool-events.ts';
import { Listener } from './listener.ts';

export interface ListenerSources {
  settings: PoolSettings;
  core: PoolCore;
  log: HaLogger;
  /** pg-pool's options, of which a connection is made */
  config: pg.PoolConfig;
  Client: new (config?: pg.ClientConfig) => HaClient;
  tell: Tell;
}

/**
 * What listens for one pool.
 * @throws HaError HA_CONFIG behind a pooler, HA_READ_ONLY for a pool of reads: neither has a server to listen on
 */
export function createListener({ settings, core, log, config, Client, tell }: ListenerSources): Listener {
  if (settings.pooler)
    throw wrongSetting(
      'pool.listen',
      'called behind a pooler (PG_HA_POOLER)',
      'with a direct connection alone, since a pooler keeps no session that could listen; give it a pool of its own',
    );
  if (core.servers.readsOnly)
    throw new HaError('HA_READ_ONLY', 'standbys hear no notifications; listen on the pool of the primary', {
      outcome: 'notSent',
    });
  const { monitor, clock, random, failoverWaitMs, rereadsPassword } = core;
  return new Listener({
    monitor,
    clock,
    random,
    log,
    failoverWaitMs,
    rereadsPassword,
    newClient: () => new Client(config),
    heartbeatMs: settings.ha.listenHeartbeatMs,
    heartbeatTimeoutMs: settings.ha.probeTimeoutMs,
    told: (gap) => tell('gap', gap),
  });
}
