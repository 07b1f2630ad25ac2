import { ScriptedPostgres, ScriptedRedis, ScriptedSentinel, Tables } from '@steadfast/mock';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { hastened } from './hastened-clock.ts';

/** What is patient in real time; the pauses between failed tries are what shall pass quickly. */
const PATIENT = { dialTimeoutMs: 50_000, silenceMs: 50_000, failoverWaitMs: 600_000, env: {} };
const TIMES = 20;

/** Clients on scripted servers that fail over again and again, as fast as they are followed. */
export interface Failovers {
  /** One failover and work after it. @throws where what came of the work is not true */
  failOver(n: number): Promise<void>;
  /** listeners on the client and what it is made of */
  listeners(): number;
  /** connections that the servers have */
  connections(): number;
  end(): Promise<void>;
  stop(): Promise<void>;
}

const listenersOf = (emitter: NodeJS.EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);

export async function pgFailovers(): Promise<Failovers> {
  const tables = new Tables();
  const servers = [
    await ScriptedPostgres.start({}, tables),
    await ScriptedPostgres.start({ standby: true }, tables),
  ];
  const [a, b] = servers as [ScriptedPostgres, ScriptedPostgres];
  const pool = new HaPool({
    strategy: 'hosts',
    hosts: servers.map(({ host, port }) => ({ host, port })),
    user: 'app',
    probeTimeoutMs: 50_000,
    max: 4,
    clock: hastened(TIMES),
    ...PATIENT,
  });
  let timeline = 1;
  return {
    async failOver(n) {
      const [from, to] = a.says.standby ? [b, a] : [a, b];
      from.script({ on: /^INSERT INTO u /, does: ['hang'], times: 1 });
      const inFlight = pool.query("INSERT INTO u VALUES ('1')").catch((error: unknown) => error);
      const held = await pool.connect();
      from.says.standby = true;
      Object.assign(to.says, { standby: false, timeline: (timeline += 1) });
      // By turns: sessions are ended, links are cut, or the old server only says that it is a standby.
      if (n % 3 === 0) from.terminateAll();
      else if (n % 3 === 1) from.cut();
      else held.query("INSERT INTO t VALUES ('refused')").catch(() => undefined);
      const id = String(n);
      await pool.transaction((client) => client.query(`INSERT INTO t VALUES ('${id}')`), {
        commitProof: true,
      });
      if (tables.count('t', id) !== 1) throw new Error(`applied ${tables.count('t', id)} times`);
      held.release();
      await inFlight;
      if (pool.primary?.port !== to.port) throw new Error('the old primary is followed');
      tables.clear();
      from.unscript();
    },
    listeners: () => listenersOf(pool),
    connections: () => servers.reduce((sum, { open }) => sum + open, 0),
    end: () => pool.end(),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}

export async function redisFailovers(): Promise<Failovers> {
  const data = new Map<string, string>();
  const servers = [await ScriptedRedis.start({}, data), await ScriptedRedis.start({ role: 'slave' }, data)];
  const [a, b] = servers as [ScriptedRedis, ScriptedRedis];
  const says = { master: a, epoch: 1, replicas: [b] };
  const sentinels = await Promise.all(['s1', 's2', 's3'].map((id) => ScriptedSentinel.start(id, says)));
  const redis = new HaRedis({
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    clock: hastened(TIMES),
    ...PATIENT,
  });
  let epoch = 1;
  return {
    async failOver(n) {
      const [from, to] = a.says.role === 'slave' ? [b, a] : [a, b];
      const inFlight = redis.incr('n').catch((error: unknown) => error);
      from.says.role = 'slave';
      to.says.role = 'master';
      epoch += 1;
      if (n % 3 === 0) from.cut();
      for (const sentinel of sentinels) sentinel.switchTo(to, epoch, [from]);
      if ((await redis.set('k', String(n))) !== 'OK') throw new Error('no OK');
      await inFlight;
      while (redis.primary?.port !== to.port) await new Promise((resolve) => setTimeout(resolve, 1));
      if (data.get('k') !== String(n)) throw new Error('what was acknowledged is not there');
    },
    listeners: () => listenersOf(redis),
    connections: () => [...servers, ...sentinels].reduce((sum, { open }) => sum + open, 0),
    end: async () => void (await redis.quit()),
    stop: async () => void (await Promise.all([...servers, ...sentinels].map((server) => server.stop()))),
  };
}
