import type { HaPool } from '@steadfast/pg-ha';
import type { HaRedis } from '@steadfast/redis-ha';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildApp } from './app.ts';

interface Half {
  ready: boolean;
  state: string;
}

async function statusOf(postgres: Half, cache: Half): Promise<number> {
  const [pool, redis] = [{ health: () => postgres }, { health: () => cache }];
  const app = buildApp(pool as unknown as HaPool, redis as unknown as HaRedis);
  const { statusCode } = await app.inject('/readyz');
  await app.close();
  return statusCode;
}

describe('a readiness probe', () => {
  beforeEach(() => void vi.stubEnv('LOG_LEVEL', 'silent'));
  afterEach(() => void vi.unstubAllEnvs());
  const steady = { ready: true, state: 'steady' };

  it.each([
    ['both primaries are followed', steady, steady, 200],
    [
      'nobody has queried the pool yet, since nobody is let in before',
      { ready: false, state: 'idle' },
      steady,
      200,
    ],
    ['PostgreSQL has no primary', { ready: false, state: 'searching' }, steady, 503],
    ['Redis has none', steady, { ready: false, state: 'searching' }, 503],
  ])('where %s', async (_what, postgres, cache, status) => {
    expect(await statusOf(postgres, cache)).toBe(status);
  });
});
