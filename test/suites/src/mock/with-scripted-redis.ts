import { ScriptedRedis, ScriptedSentinel, type Address } from '@steadfast/mock';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { afterEach } from 'vitest';

type RedisSaying = Partial<ScriptedRedis['says']>;

export interface ScriptedGroup {
  /** A server of one group: all share their data. */
  readonly member: (says?: RedisSaying) => Promise<ScriptedRedis>;
  /** Three sentinels that name this master, under epoch 1. */
  readonly sentinels: (master: Address, replicas?: readonly Address[]) => Promise<ScriptedSentinel[]>;
  readonly client: (options: HaRedisOptions) => HaRedis;
  readonly data: Map<string, string>;
}

/** Scripted servers, sentinels and clients for the tests of a file; all are ended after each. */
export function withScriptedRedis(): ScriptedGroup {
  const servers: (ScriptedRedis | ScriptedSentinel)[] = [];
  const clients: HaRedis[] = [];
  const data = new Map<string, string>();
  const kept = <T extends ScriptedRedis | ScriptedSentinel>(server: T): T => {
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    for (const one of clients.splice(0)) one.disconnect();
    for (const one of servers.splice(0)) await one.stop();
    data.clear();
  });
  return {
    data,
    member: async (says) => kept(await ScriptedRedis.start(says, data)),
    async sentinels(master, replicas = []) {
      const says = { master, epoch: 1, replicas };
      const all = await Promise.all(['s1', 's2', 's3'].map((id) => ScriptedSentinel.start(id, says)));
      return all.map(kept);
    },
    client(options) {
      const redis = new HaRedis({ failoverWaitMs: 30_000, env: {}, ...options });
      clients.push(redis);
      return redis;
    },
  };
}

export function addressOf({ host, port }: Address): Address {
  return { host, port };
}
