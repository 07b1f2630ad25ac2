import type { Clock, Random } from '@steadfast/shared';
import type { Pool } from 'pg';
import type { HaClient } from '../dial/ha-client.ts';
import { poolInternals } from './pool-internals.ts';

/**
 * pg-pool's `maxLifetimeSeconds` ends connections that were opened together together. With a jitter each lives up to so much
 * shorter, at random; nothing else about it changes, and without one nothing is done here.
 */
export function spreadLifetimes(
  pool: Pool,
  jitterPercent: number,
  { clock, random }: { clock: Clock; random: Random },
): void {
  const lifetimeMs = pool.options.maxLifetimeSeconds * 1_000;
  if (jitterPercent === 0 || lifetimeMs === 0) return;
  pool.on('connect', (client) => {
    const ms = lifetimeMs * (1 - (random.next() * jitterPercent) / 100);
    const timer = clock.timer(ms, () => expire(pool, client as unknown as HaClient), { background: true });
    client.once('end', () => timer.cancel());
  });
}

/** As pg-pool does it: an idle connection is closed now, one in use when it is given back. */
function expire(pool: Pool, client: HaClient): void {
  const inner = poolInternals(pool);
  if (inner._idle.some((item) => item.client === client)) inner._remove(client);
  else inner._expired.add(client);
}
