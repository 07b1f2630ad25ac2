import { HaRedis, NotDurableError, type HaRedisOptions, type SurvivalReport } from '@steadfast/redis-ha';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { rawCommand } from './raw-command.ts';

/** A master and a replica on loopback, and no sentinel. */
let master: LoneRedis;
let replica: LoneRedis;
let redis: HaRedis | undefined;

beforeEach(async () => {
  master = await startLoneRedis('--repl-diskless-sync-delay', '0', '--enable-debug-command', 'yes');
  replica = await startLoneRedis('--replicaof', `127.0.0.1 ${master.port}`);
});

afterEach(async () => {
  redis?.disconnect();
  await replica.stop();
  await master.stop();
});

async function client(options: HaRedisOptions = {}): Promise<HaRedis> {
  const { host, port } = master;
  redis = new HaRedis({ strategy: 'single', host, port, failoverWaitMs: 3_000, ...options, env: {} });
  await redis.set('begun', '1');
  expect(await redis.wait(1, 5_000)).toBe(1);
  return redis;
}

describe('durable', () => {
  it('answers when the replica has it, and says honestly when it has not', async () => {
    const one = await client();
    expect(await one.durable([['incr', 'n']], { replicas: 1 })).toEqual([1]);
    const two = one.durable([['incr', 'n']], { replicas: 2, timeoutMs: 20 });
    await expect(two).rejects.toMatchObject({ acknowledgedBy: 1, answers: [2], outcome: 'unknown' });
    await expect(two).rejects.toBeInstanceOf(NotDurableError);
  });

  it('is given again under its token, and applied once', async () => {
    const one = await client();
    replica.process.kill('SIGSTOP');
    const first = one.durable([['incr', 'n']], { replicas: 1, timeoutMs: 20, token: 't' });
    await expect(first).rejects.toMatchObject({ acknowledgedBy: 0, answers: [1] });
    replica.process.kill('SIGCONT');
    // On another connection, which has written nothing of its own: the repeat must not be taken for confirmed by that.
    const other = one.duplicate();
    try {
      expect(await other.durable([['incr', 'n']], { replicas: 1, token: 't' })).toEqual([1]);
    } finally {
      other.disconnect();
    }
    expect(await one.get('n')).toBe('1');
  });

  it('asks a repeat’s replicas too', async () => {
    const one = await client();
    expect(await one.durable([['incr', 'n']], { replicas: 1, token: 't' })).toEqual([1]);
    replica.process.kill('SIGSTOP');
    const other = one.duplicate();
    try {
      const repeat = other.durable([['incr', 'n']], { replicas: 1, timeoutMs: 20, token: 't' });
      await expect(repeat).rejects.toMatchObject({ acknowledgedBy: 0, answers: [1] });
    } finally {
      other.disconnect();
      replica.process.kill('SIGCONT');
    }
  });

  it('runs scripts of the program’s own, and waits its turn through a cut', async () => {
    const one = await client();
    const script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
    const work = one.durable({ script, keys: ['s'], args: ['5'] }, { replicas: 1 });
    one.stream.destroy();
    expect(await work).toBe(5);
    expect(await one.get('s')).toBe('5');
  });

  it('says that a server older than 7.2 cannot be asked for its disk', async () => {
    const one = await client();
    const [, version = ''] = /redis_version:(\d+\.\d+)/.exec(await one.info('server')) ?? [];
    const work = one.durable([['incr', 'n']], { replicas: 0, fsync: true, timeoutMs: 50 });
    const why = Number(version) < 7.2 ? /unknown command/ : /appendonly/;
    await expect(work).rejects.toThrow(why);
    await expect(work).rejects.toMatchObject({ code: 'HA_NOT_DURABLE', acknowledgedBy: 0, answers: [1] });
  });
});

describe('the heartbeat of the replicas', () => {
  it('holds writes while none confirms, lets reads through, and goes on when one does', async () => {
    const one = await client({ replicaHeartbeatMs: 60 });
    // Until a replica has confirmed once nothing is concluded.
    await expect.poll(() => one.pubsub('CHANNELS')).toEqual([]);
    await beats(one, 2);
    replica.process.kill('SIGSTOP');
    await expect.poll(() => one.health().state, { timeout: 5_000 }).toBe('holding');
    const held = one.incr('n');
    expect(await one.duplicate().get('n')).toBeNull();
    replica.process.kill('SIGCONT');
    expect(await held).toBe(1);
    expect(one.health().state).toBe('steady');
  });

  it('tells the caller why a write was not sent, at its deadline', async () => {
    const one = await client({ replicaHeartbeatMs: 60, failoverWaitMs: 300 });
    await beats(one, 2);
    replica.process.kill('SIGSTOP');
    await expect.poll(() => one.health().state, { timeout: 5_000 }).toBe('holding');
    await expect(one.incr('n')).rejects.toMatchObject({
      code: 'HA_DEADLINE',
      outcome: 'notSent',
      message: expect.stringMatching(/no replica confirms/) as string,
    });
    replica.process.kill('SIGCONT');
    await expect.poll(() => one.health().state, { timeout: 5_000 }).toBe('steady');
    expect(await one.get('n')).toBeNull();
  });

  it('waits for nobody where the ACL forbids the question', async () => {
    await rawCommand(master.port, 'ACL SETUSER default -wait');
    const { host, port } = master;
    redis = new HaRedis({ strategy: 'single', host, port, replicaHeartbeatMs: 20, env: {} });
    expect(await redis.incr('n')).toBe(1);
    expect(redis.health().state).toBe('steady');
  });
});

describe('the survival report', () => {
  it('knows nothing of writes before a restart that began another history', async () => {
    const one = await client({ survivalReport: true });
    const reports: SurvivalReport[] = [];
    one.on('survival', (report: SurvivalReport) => reports.push(report));
    for (let n = 0; n < 5; n++) await one.incr('n');
    // The server throws its history away and begins another, as one that is restarted without its data does.
    await expect.poll(() => looks(one), { timeout: 5_000 }).toBeGreaterThan(1);
    await rawCommand(master.port, 'DEBUG CHANGE-REPL-ID');
    await one.incr('n');
    await expect.poll(() => reports, { timeout: 5_000 }).toHaveLength(1);
    const [report] = reports;
    expect(report).toMatchObject({ survived: 0, lost: 0, unknowable: report?.acknowledged });
    expect(report?.acknowledged).toBeGreaterThanOrEqual(6);
    expect(report?.why).toMatch(/history/);
  });
});

/** How often INFO has been asked. */
async function looks(one: HaRedis): Promise<number> {
  const stats = await one.info('commandstats');
  return Number(/cmdstat_info:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

/** Until the heartbeat has been answered so often. */
async function beats(one: HaRedis, times: number): Promise<void> {
  const count = async (): Promise<number> =>
    Number(/cmdstat_publish:calls=(\d+)/.exec(await one.info('commandstats'))?.[1] ?? 0);
  await expect.poll(count, { timeout: 5_000 }).toBeGreaterThan(times);
}
