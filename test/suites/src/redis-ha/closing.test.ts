import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { startLoneRedis } from './lone-redis.ts';

describe('a client that is closed while it connects', () => {
  it.each(['quit', 'disconnect'] as const)('by %s() stays closed, and can be opened again', async (how) => {
    // The server is frozen when it is asked who it is, so that closing falls into the verification.
    const server = await startLoneRedis();
    const redis = new HaRedis({ host: server.host, port: server.port, env: {} });
    try {
      server.process.kill('SIGSTOP');
      await expect.poll(() => redis.status).toBe('connecting');
      await sleep(100);
      await redis[how]();
      server.process.kill('SIGCONT');
      await sleep(300);
      expect(redis.status).toBe('end');
      await redis.connect();
      expect(await redis.ping()).toBe('PONG');
      redis.disconnect(true);
      expect(await redis.ping()).toBe('PONG');
    } finally {
      redis.disconnect();
      await server.stop();
    }
  });
});
