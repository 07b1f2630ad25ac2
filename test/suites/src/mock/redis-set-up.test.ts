import type { Step } from '@steadfast/mock';
import { describe, expect, it, vi } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

// 6 looks itself whether the link that it has set up is still there.
vi.mock('ioredis', () => import('ioredis-5'));

const { member, client } = withScriptedRedis();

describe('a link that ends while ioredis 5 sets it up', () => {
  const ends: [string, Step][] = [
    ['in order', 'close'],
    ['at once', 'reset'],
    ['by silence', 'hang'],
  ];
  const names = [/^client setinfo lib-ver/i, /^client setinfo lib-name/i, /^client setname mine/i];
  it.each(ends.flatMap(([how, step]) => names.map((on) => [how, on, step] as const)))(
    '%s, at %s: another one serves, at that time and later',
    async (_how, on, step) => {
      const server = await member();
      const lost = server.script({ on, does: [step], times: 1 });
      const redis = client({
        ...addressOf(server),
        connectionName: 'mine',
        dialTimeoutMs: 300,
        silenceMs: 200,
        commandTimeout: 2_000,
      });
      let readied = 0;
      redis.on('ready', () => (readied += 1));
      expect(await redis.set('a', '1')).toBe('OK');
      expect([lost.met, readied, await redis.get('a')]).toEqual([1, 1, '1']);
    },
  );
});
