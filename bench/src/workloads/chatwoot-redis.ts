import { anyOf } from './random-choice.ts';
import type { RedisClient, RedisWorkload } from './workload.ts';

const AGENTS = 20;
const INBOXES = 4;

/** Seconds for which somebody counts as present after the last sign of them. */
const PRESENT_S = 20;

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** Each operation may be run by many at once, and is atomic where that matters. */
export const chatwootRedis: RedisWorkload = {
  library: 'redis',
  name: 'chatwoot',
  title: 'a support inbox: presence, round robin of agents, counters, locks, job queue',
  prepare: async (client: RedisClient, prefix: string, scale: number): Promise<void> => {
    for (let account = 0; account < scale; account++) {
      for (let inbox = 0; inbox < INBOXES; inbox++) {
        const agents = Array.from({ length: AGENTS }, (_, agent) => agent + 1);
        await client.command('rpush', `${prefix}robin:${account}:${inbox}`, ...agents);
      }
    }
  },
  operations: (prefix, scale) => {
    const account = (random: () => number): number => anyOf(scale, random);
    const agent = (random: () => number): number => anyOf(AGENTS, random) + 1;
    return [
      {
        kind: 'sign of presence',
        weight: 30,
        readOnly: false,
        run: (client, random) => {
          const [key, now] = [`${prefix}presence:${account(random)}`, Math.floor(Date.now() / 1000)];
          return client.pipeline([
            ['zadd', key, now, agent(random)],
            ['zremrangebyscore', key, '-inf', now - PRESENT_S],
          ]);
        },
      },
      {
        kind: 'who is present',
        weight: 20,
        readOnly: true,
        run: (client, random) => {
          const since = Math.floor(Date.now() / 1000) - PRESENT_S;
          return client.command('zrangebyscore', `${prefix}presence:${account(random)}`, since, '+inf');
        },
      },
      {
        kind: 'next agent',
        weight: 10,
        readOnly: false,
        run: (client, random) => {
          const key = `${prefix}robin:${account(random)}:${anyOf(INBOXES, random)}`;
          return client.command('lmove', key, key, 'RIGHT', 'LEFT');
        },
      },
      {
        kind: 'rate limit',
        weight: 20,
        readOnly: false,
        run: (client, random) => {
          const key = `${prefix}limit:${account(random)}:${Math.floor(Date.now() / 60_000)}`;
          return client.pipeline([
            ['incr', key],
            ['expire', key, 120],
          ]);
        },
      },
      {
        kind: 'lock and release',
        weight: 5,
        readOnly: false,
        run: async (client, random) => {
          const [key, token] = [`${prefix}lock:${anyOf(1_000 * scale, random)}`, `${random()}`];
          if ((await client.command('set', key, token, 'NX', 'PX', 5_000)) === null) return;
          await client.command('eval', RELEASE, 1, key, token);
        },
      },
      {
        kind: 'job in and out',
        weight: 15,
        readOnly: false,
        run: async (client, random) => {
          const key = `${prefix}queue:${anyOf(4, random)}`;
          await client.command('lpush', key, `{"job":"reply","account":${account(random)}}`);
          return client.command('rpop', key);
        },
      },
    ];
  },
};
