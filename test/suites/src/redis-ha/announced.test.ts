import { aboutMaster, aboutReplica, MASTER, ScriptedSentinel, type Address } from '@steadfast/mock';
import { HaRedis, outcomeOf, type HaRedisOptions, type SurvivalReport } from '@steadfast/redis-ha';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { rawCommand } from './raw-command.ts';

/** Three real servers, a master and its replicas, and three sentinels that say what they are told to. */
let servers: LoneRedis[];
let sentinels: ScriptedSentinel[];
let [a, b, c]: LoneRedis[] = [];
let [first, second, third]: ScriptedSentinel[] = [];
let redis: HaRedis | undefined;
const frozen = new Set<ScriptedSentinel>();

/** It takes connections and questions, and answers none. */
function freeze(sentinel: ScriptedSentinel): void {
  frozen.add(sentinel);
  sentinel.script({ on: /./, does: ['hang'] });
}

beforeEach(async () => {
  a = await startLoneRedis('--repl-diskless-sync-delay', '0');
  const replicaOf = ['--replicaof', `127.0.0.1 ${a.port}`];
  [b, c] = await Promise.all([startLoneRedis(...replicaOf), startLoneRedis(...replicaOf)]);
  servers = [a, b, c];
  const says = { master: a, epoch: 1, replicas: [b, c] };
  sentinels = await Promise.all(['s1', 's2', 's3'].map((id) => ScriptedSentinel.start(id, says)));
  [first, second, third] = sentinels;
});

afterEach(async () => {
  redis?.disconnect();
  for (const one of [...sentinels, ...servers]) await one.stop();
});

async function client(options: HaRedisOptions = {}): Promise<HaRedis> {
  redis = new HaRedis({
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    failoverWaitMs: 5_000,
    ...options,
    env: {},
  });
  await redis.set('begun', '1');
  expect(await redis.wait(2, 5_000)).toBe(2);
  // What a sentinel publishes before it is subscribed to is heard by nobody.
  const heard = sentinels.filter((sentinel) => !frozen.has(sentinel));
  await expect.poll(() => heard.every(({ subscribers }) => subscribers > 0), { timeout: 5_000 }).toBe(true);
  return redis;
}

const at = ({ port }: Address): unknown => expect.objectContaining({ port });
const promote = (server: LoneRedis): Promise<void> => rawCommand(server.port, 'REPLICAOF NO ONE');
async function follows(one: HaRedis, server: Address): Promise<void> {
  await expect.poll(() => one.primary, { timeout: 5_000, interval: 10 }).toEqual(at(server));
}
const need = <T>(value: T | undefined): T => value as T;

describe('a failover that is followed as it is announced', () => {
  it('goes to the promoted replica without an announced end, and back where it is aborted', async () => {
    const one = await client({ follow: 'promoted' });
    const reports: SurvivalReport[] = [];
    one.on('survival', (report: SurvivalReport) => reports.push(report));
    need(first).announce(2, need(b));
    await expect.poll(() => one.health().state).toBe('holding');
    const held = one.incr('n');
    await promote(need(b));
    await follows(one, need(b));
    expect(await held).toBe(1);
    expect(one.health()).toMatchObject({ generation: 2, epoch: 2 });
    await expect.poll(() => reports, { timeout: 5_000 }).toEqual([expect.objectContaining({ lost: 0 })]);
    for (let n = 0; n < 10; n++) await one.incr('n');

    need(first).publish('-failover-abort-slave-timeout', aboutMaster(need(a)));
    await follows(one, need(a));
    expect(one.health()).toMatchObject({ generation: 3, epoch: 1 });
    expect(await one.get('n')).toBeNull();
    await expect.poll(() => reports.length, { timeout: 5_000 }).toBe(2);
    const [, back] = reports;
    expect(back).toMatchObject({ acknowledged: 11, survived: 0, from: at(need(b)), to: at(need(a)) });
    expect((back?.lost ?? 0) + (back?.unknowable ?? 0)).toBe(11);
  });

  it('stays where the sentinels record it', async () => {
    const one = await client({ follow: 'promoted' });
    need(first).announce(2, need(b));
    await promote(need(b));
    await follows(one, need(b));
    for (const sentinel of sentinels) {
      Object.assign(sentinel.says, { master: b, epoch: 2, replicas: [a, c] });
      sentinel.publish('+switch-master', `mymaster 127.0.0.1 ${need(a).port} 127.0.0.1 ${need(b).port}`);
    }
    need(first).publish('-failover-abort-slave-timeout', aboutMaster(need(a)));
    await one.incr('n');
    expect(one.primary).toEqual(at(need(b)));
    expect(one.health()).toMatchObject({ generation: 2, epoch: 2 });
  });

  it('goes on to the replica of a second leader, elected after the first has died half-way', async () => {
    const one = await client({ follow: 'promoted' });
    need(first).announce(2, need(b));
    await promote(need(b));
    await follows(one, need(b));
    await need(first).stop();
    need(second).publish('+sdown', aboutMaster(need(a)));
    need(third).publish('+vote-for-leader', 's2 3');
    need(second).announce(3, need(c));
    await promote(need(c));
    await follows(one, need(c));
    await expect.poll(() => one.health().epoch).toBe(3);
    expect(await one.incr('n')).toBe(1);
  });

  it('is followed on the votes for one that has never answered a question', async () => {
    need(first).script({ on: new RegExp(`${MASTER}$`), does: ['hang'] });
    const one = await client({ follow: 'promoted' });
    for (const sentinel of [first, second]) need(sentinel).publish('+sdown', aboutMaster(need(a)));
    need(second).publish('+vote-for-leader', 's1 2');
    need(first).announce(2, need(b));
    await promote(need(b));
    await follows(one, need(b));
    expect(one.health()).toMatchObject({ generation: 2, epoch: 2 });
  });

  it('is not followed on the word of one that misses the master and has one vote of three', async () => {
    const one = await client({ follow: 'promoted', holdMaxMs: 100 });
    need(first).publish('+sdown', aboutMaster(need(a)));
    need(first).announce(2, need(b));
    await promote(need(b));
    expect(await one.incr('n')).toBe(1);
    expect(one.primary).toEqual(at(need(a)));
    expect(one.health().generation).toBe(1);
  });
});

describe('a write that is in flight when a failover is announced', () => {
  async function switchTo(server: LoneRedis, others: readonly LoneRedis[]): Promise<void> {
    for (const sentinel of sentinels)
      Object.assign(sentinel.says, { master: server, epoch: 2, replicas: others });
    const [old] = others;
    need(first).publish('+switch-master', `mymaster 127.0.0.1 ${need(old).port} 127.0.0.1 ${server.port}`);
    await follows(need(redis), server);
  }

  it('is not told as done where the old master answers it after the promotion', async () => {
    const one = await client({ survivalReport: true });
    const reports: SurvivalReport[] = [];
    one.on('survival', (report: SurvivalReport) => reports.push(report));
    need(a).process.kill('SIGSTOP');
    const incr = one.incr('n').then(String, outcomeOf);
    const exec = one.multi().incr('n').exec().then(String, outcomeOf);
    const set = one.set('k', 'v');
    const once = one.once([['incr', 'm']], { token: 't' });
    need(first).announce(2, need(b));
    await expect.poll(() => one.health().state).toBe('holding');
    await promote(need(b));
    need(a).process.kill('SIGCONT');
    expect([await incr, await exec]).toEqual(['unknown', 'unknown']);
    await switchTo(need(b), [need(a), need(c)]);
    expect([await set, await once]).toEqual(['OK', [1]]);
    expect(await one.mget('n', 'k', 'm')).toEqual([null, 'v', '1']);
    await expect.poll(() => reports, { timeout: 5_000 }).toEqual([expect.objectContaining({ lost: 0 })]);
  });

  it('is told as done at once where the chosen replica has it', async () => {
    const one = await client();
    need(a).process.kill('SIGSTOP');
    const incr = one.incr('n');
    need(first).announce(2, need(b));
    await expect.poll(() => one.health().state).toBe('holding');
    need(a).process.kill('SIGCONT');
    expect(await incr).toBe(1);
    expect(one.health().state).toBe('holding');
    await promote(need(b));
    await switchTo(need(b), [need(a), need(c)]);
    expect(await one.get('n')).toBe('1');
  });
});

describe('a master that the sentinels miss', () => {
  it('is not written to once most do, for a second at most; reads go on', async () => {
    const one = await client();
    const holds: unknown[] = [];
    one.on('hold', ({ holding, why }: { holding: boolean; why?: string }) =>
      holds.push(holding ? why : 'open'),
    );
    need(first).publish('+sdown', aboutMaster(need(a)));
    expect(await one.incr('n')).toBe(1);
    need(second).publish('+sdown', aboutMaster(need(a)));
    await expect.poll(() => one.health().state).toBe('holding');
    expect(await one.get('n')).toBe('1');
    expect(one.health().state).toBe('holding');
    expect(await one.incr('n')).toBe(2);
    need(first).publish('+odown', `${aboutMaster(need(a))} #quorum 2/2`);
    expect(await one.incr('n')).toBe(3);
    expect(holds).toEqual(['the sentinels agree that they miss the master', 'open']);
    expect(one.health().generation).toBe(1);
  });

  it('is written to again as soon as it is found', async () => {
    const one = await client({ holdMaxMs: 60_000 });
    need(first).publish('+odown', `${aboutMaster(need(a))} #quorum 2/2`);
    await expect.poll(() => one.health().state).toBe('holding');
    const held = one.incr('n');
    need(first).publish('-odown', aboutMaster(need(a)));
    expect(await held).toBe(1);
  });
});

describe('sentinels that are wrong', () => {
  it('one that announces an old master, under an older epoch, changes nothing', async () => {
    const says = need(third).says;
    Object.assign(says, { master: b, epoch: 0, replicas: [a, c] });
    const one = await client();
    need(third).publish('+switch-master', `mymaster 127.0.0.1 ${need(a).port} 127.0.0.1 ${need(b).port}`);
    expect(await one.incr('n')).toBe(1);
    need(third).publish('+switch-master', `mymaster 127.0.0.1 ${need(c).port} 127.0.0.1 ${need(b).port}`);
    expect(await one.incr('n')).toBe(2);
    expect(one.primary).toEqual(at(need(a)));
    expect(one.health()).toMatchObject({ generation: 1, epoch: 1 });
  });

  it('one that announces a failover that does not come holds writes for holdMaxMs, and no longer', async () => {
    const one = await client({ holdMaxMs: 2_000 });
    need(third).announce(2, need(b));
    await expect.poll(() => one.health().state).toBe('holding');
    expect(await one.ping()).toBe('PONG');
    expect(one.health().state).toBe('holding');
    expect(await one.incr('n')).toBe(1);
    expect(one.health().generation).toBe(1);
  });

  it('all but one frozen delay a start by one question’s time, and then nothing', async () => {
    for (const sentinel of sentinels.slice(1)) freeze(sentinel);
    const began = performance.now();
    const one = await client();
    expect(performance.now() - began).toBeLessThan(3_000);
    need(first).announce(2, need(b));
    Object.assign(need(first).says, { master: b, epoch: 2, replicas: [a, c] });
    await promote(need(b));
    need(first).publish('+switch-master', `mymaster 127.0.0.1 ${need(a).port} 127.0.0.1 ${need(b).port}`);
    await follows(one, need(b));
    expect(await one.incr('n')).toBe(1);
  });

  it('another group’s failover touches nothing', async () => {
    const one = await client({ follow: 'promoted' });
    let changes = 0;
    one.on('topology', () => (changes += 1));
    need(first).publish('+new-epoch', '2');
    need(first).publish('+vote-for-leader', 's1 2');
    need(first).publish('+elected-leader', aboutMaster(need(a), 'other'));
    need(first).publish('+selected-slave', aboutReplica(need(b), need(a), 'other'));
    need(first).publish('+switch-master', `other 127.0.0.1 ${need(a).port} 127.0.0.1 ${need(b).port}`);
    await promote(need(b));
    expect(await one.incr('n')).toBe(1);
    expect(one.primary).toEqual(at(need(a)));
    expect([changes, one.health().state]).toEqual([0, 'steady']);
  });
});

describe('what the sentinels say through the master', () => {
  const hello = (sentinel: string, epoch: number): string =>
    `127.0.0.1,1,${sentinel},${epoch},mymaster,127.0.0.1,${need(b).port},${epoch}`;

  it('ends following it, though no sentinel can be asked any more', async () => {
    const one = await client();
    for (const sentinel of sentinels) freeze(sentinel);
    await promote(need(b));
    const said = (): Promise<number> => one.publish('__sentinel__:hello', hello('s1', 2));
    await expect.poll(said, { timeout: 5_000 }).toBeGreaterThan(0);
    await follows(one, need(b));
    expect(await one.incr('n')).toBe(1);
    expect(one.health()).toMatchObject({ generation: 2, epoch: 2 });
  });

  it('counts nothing from a stranger, or under the epoch there is', async () => {
    const one = await client();
    await promote(need(b));
    const said = (from: string, epoch: number) => (): Promise<number> =>
      one.publish('__sentinel__:hello', hello(from, epoch));
    await expect.poll(said('stranger', 9), { timeout: 5_000 }).toBeGreaterThan(0);
    await said('s1', 1)();
    expect(await one.incr('n')).toBe(1);
    expect(one.primary).toEqual(at(need(a)));
  });

  it('is not listened to where the ACL forbids the channel, and nothing else suffers', async () => {
    await rawCommand(need(a).port, 'ACL SETUSER default resetchannels');
    const one = await client();
    expect(await one.incr('n')).toBe(1);
    expect(await one.pubsub('NUMSUB', '__sentinel__:hello')).toEqual(['__sentinel__:hello', 0]);
  });
});
