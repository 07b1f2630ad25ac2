import { MASTER, ScriptedSentinel, type Reply, type ScriptedRedis, type Step } from '@steadfast/mock';
import type { HaRedis } from '@steadfast/redis-ha';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, sentinels: startSentinels, client, data } = withScriptedRedis();

const at = ({ port }: ScriptedRedis): unknown => expect.objectContaining({ port });

describe('an answer to ROLE that is none', () => {
  const shapes: [string, Reply][] = [
    ['nothing', null],
    ['an empty list', []],
    ['a word', 'master'],
    ['a number', 7],
    ['a list in a list', [['master']]],
    ['another role', ['sentinel', []]],
    ['an error that says nothing of us', { error: 'LOADING it is' }],
    ['a long list', Array.from({ length: 5_000 }, (_, n) => `x${n}`)],
    ['lists in lists in lists', [[[[[[[[[[1]]]]]]]]]]],
  ];

  it.each(shapes)(
    '%s: the server is not taken for a primary, and is when it says so',
    async (_what, roleReply) => {
      const server = await member({ roleReply });
      const asked = server.script({ on: /^role$/i, does: ['answer'] });
      const redis = client({ ...addressOf(server), strategy: 'sentinel', sentinels: await named(server) });
      const written = redis.set('k', 'v');
      written.catch(() => undefined); // where the test fails before it is awaited
      await expect.poll(() => asked.met, { timeout: 20_000 }).toBeGreaterThan(2);
      expect([redis.primary, data.size]).toEqual([undefined, 0]);
      delete server.says.roleReply;
      expect(await written).toBe('OK');
    },
  );

  async function named(server: ScriptedRedis): Promise<{ host: string; port: number }[]> {
    return (await startSentinels(addressOf(server))).map(addressOf);
  }
});

describe('bytes that are no replies', () => {
  it.each([
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a length that is no number', '$abc\r\nx\r\n'],
    ['a list of very many', '*2000000000\r\n'],
    ['a text of very many bytes', '$999999999999\r\n'],
    ['deep lists', '*1\r\n'.repeat(1_000)],
    ['zeroes', Buffer.alloc(64)],
  ])('%s, to ROLE and to a command: nobody hangs, and the client serves on', async (_what, bytes) => {
    const server = await member();
    server.script({ on: /^role$/i, does: [{ send: bytes }], times: 2 });
    const redis = client({ ...addressOf(server), dialTimeoutMs: 500, silenceMs: 100 });
    const answer = await redis.get('k').catch((error: unknown) => error);
    expect([null, expect.objectContaining({ outcome: 'notSent' })]).toContainEqual(answer);
    expect(await redis.set('k', 'v')).toBe('OK');
    server.script({ on: 'incr n', does: [{ answerAs: () => Buffer.from(bytes) }], times: 1 });
    const told = await redis.incr('n').catch((error: unknown) => error);
    // ioredis reads a number of the other protocol's bytes for a reply of its own; what matters is that it ends.
    expect(told).toBeDefined();
    expect(await redis.get('k')).toBe('v');
  });

  it('to commands: what has been written says that it may have been applied, and what is safe is sent again', async () => {
    const server = await member();
    const redis = client(addressOf(server));
    const errors: unknown[] = [];
    redis.on('error', (error: unknown) => errors.push(error));
    await redis.set('k', 'v');
    server.script({ on: 'incr n', does: [{ answerAs: () => Buffer.from('HTTP/1.1 400') }], times: 1 });
    const told = await Promise.allSettled([redis.incr('n'), redis.get('k'), redis.incr('m')]);
    const unknown = expect.objectContaining({ code: 'HA_CONNECTION_LOST', outcome: 'unknown' }) as unknown;
    expect(told).toEqual([
      { status: 'rejected', reason: unknown },
      { status: 'fulfilled', value: 'v' },
      { status: 'rejected', reason: unknown },
    ]);
    expect(errors.length).toBe(1);
    expect(await redis.incr('n')).toBe(2);
  });
});

describe('sentinels that misbehave', () => {
  let a: ScriptedRedis;
  let b: ScriptedRedis;
  let sentinels: ScriptedSentinel[];
  let bad: ScriptedSentinel;
  beforeEach(async () => {
    [a, b] = [await member(), await member({ role: 'slave' })];
    sentinels = await startSentinels(addressOf(a), [addressOf(b)]);
    [bad] = sentinels as [ScriptedSentinel];
  });

  async function connected(): Promise<HaRedis> {
    const redis = client({ sentinels: sentinels.map(addressOf), refreshMs: 100 });
    await redis.set('k', 'v');
    await expect
      .poll(() => sentinels.slice(1).every(({ subscribers }) => subscribers > 0), { timeout: 20_000 })
      .toBe(true);
    return redis;
  }

  /** A real failover to b, which the well-behaved ones know of. */
  function failOver(knowing: readonly ScriptedSentinel[], epoch = 2): void {
    a.says.role = 'slave';
    b.says.role = 'master';
    for (const one of knowing) one.switchTo(addressOf(b), epoch, [addressOf(a)]);
  }

  it('have one voice each, under however many addresses they are named', async () => {
    const twice = [addressOf(bad), { host: 'localhost', port: bad.port }];
    const redis = client({ sentinels: [...twice, ...sentinels.slice(1).map(addressOf)], refreshMs: 100 });
    await redis.set('k', 'v');
    await expect.poll(() => redis.health().sentinel).toMatchObject({ known: 3, answered: 3 });
  });

  it('are found at a new address, also where settings name the old one', async () => {
    const redis = await connected();
    const moved = await ScriptedSentinel.start(bad.id, { ...bad.says });
    await bad.stop();
    const list = ['ip', moved.host, 'port', `${moved.port}`, 'runid', moved.id];
    const words = list.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
    for (const one of sentinels.slice(1))
      one.script({ on: `SENTINEL SENTINELS ${MASTER}`, does: [{ send: `*1\r\n*6\r\n${words}` }] });
    try {
      await expect.poll(() => moved.subscribers, { timeout: 10_000 }).toBe(1);
      await expect.poll(() => redis.health().sentinel).toMatchObject({ known: 3, answered: 3 });
    } finally {
      redis.disconnect();
      await moved.stop();
    }
  });

  const question = new RegExp(`^SENTINEL MASTER ${MASTER}$`);
  const replicas = new RegExp(`^SENTINEL REPLICAS ${MASTER}$`);
  const replies: [string, RegExp, Step[]][] = [
    ['a reply cut off', question, [{ answerUpTo: 20 }, 'reset']],
    ['no reply', question, ['hang']],
    ['bytes that are none', question, [{ send: '$abc\r\n' }]],
    ['a number', question, [{ send: ':5\r\n' }]],
    ['an empty list', question, [{ send: '*0\r\n' }]],
    ['nothing', question, [{ send: '$-1\r\n' }]],
    ['lists for words', question, [{ send: '*2\r\n*1\r\n:1\r\n*0\r\n' }]],
    ['an epoch beyond all numbers', question, [{ send: '*2\r\n$12\r\nconfig-epoch\r\n$5\r\n1e300\r\n' }]],
    ['an epoch that is a word', question, [{ send: '*2\r\n$12\r\nconfig-epoch\r\n$3\r\nabc\r\n' }]],
    ['ten thousand replicas', replicas, [{ send: manyReplicas(10_000) }]],
    ['replicas without end', replicas, [{ send: Buffer.alloc(6 << 20, '*1\r\n') }]],
    ['a port that is none', /GET-MASTER-ADDR/, [{ send: '*2\r\n$9\r\n127.0.0.1\r\n$5\r\n70000\r\n' }]],
  ];

  it.each(replies)('%s from one of three: the others are believed', async (_what, on, does) => {
    bad.script({ on, does });
    const redis = await connected();
    expect(redis.primary).toEqual(at(a));
    failOver(sentinels.slice(1));
    await expect.poll(() => redis.primary, { timeout: 20_000 }).toEqual(at(b));
    expect(await redis.set('k', 'w')).toBe('OK');
  });

  it('one that is cut off and names an old master is not followed, however often it says so', async () => {
    const redis = await connected();
    failOver(sentinels.slice(1), 5);
    await expect.poll(() => redis.primary, { timeout: 20_000 }).toEqual(at(b));
    // The old master has come back, and says that it is one.
    a.says.role = 'master';
    const { host, port } = a;
    const lie = `${MASTER} ${host} ${b.port} ${host} ${port}`;
    for (let round = 0; round < 10; round++) {
      for (let n = 0; n < 50; n++) bad.publish('+switch-master', lie);
      expect(await redis.set('k', String(round))).toBe('OK');
    }
    expect(redis.primary).toEqual(at(b));
    expect(redis.health()).toMatchObject({ epoch: 5, generation: 2 });
  });

  it('a storm of announcements that come to nothing ends no command, and asks nobody without end', async () => {
    const redis = await connected();
    let asked = 0;
    for (const one of sentinels) one.script({ on: question, does: [{ run: () => (asked += 1) }, 'answer'] });
    const { host, port } = a;
    const news = `${MASTER} ${host} ${port} ${host} ${b.port}`;
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 300; n++) sentinels[n % 3]?.publish('+switch-master', news);
      expect(await redis.get('k')).toBe('v');
    }
    expect(await redis.set('k', 'w')).toBe('OK');
    expect(redis.primary).toEqual(at(a));
    expect(asked).toBeLessThan(2_000);
  });

  it('epochs that go down change nothing', async () => {
    const redis = await connected();
    failOver(sentinels, 7);
    await expect.poll(() => redis.primary, { timeout: 20_000 }).toEqual(at(b));
    a.says.role = 'master';
    for (const one of sentinels) one.switchTo(addressOf(a), 3, [addressOf(b)]);
    for (let n = 0; n < 20; n++) expect(await redis.set('k', String(n))).toBe('OK');
    expect(redis.primary).toEqual(at(b));
    expect(redis.health().epoch).toBe(7);
  });

  it('pushes of another kind, and half ones, are not understood and not minded', async () => {
    const redis = await connected();
    for (const one of sentinels) {
      one.publish('+switch-master', MASTER);
      one.publish('+switch-master', `other 127.0.0.1 ${a.port} 127.0.0.1 ${b.port}`);
      one.publish('+switch-master', `${MASTER} x y z 70000`);
      one.publish('+new-epoch', 'nine');
      one.publish('+vote-for-leader', '');
      one.publish('', '');
    }
    expect(await redis.set('k', 'w')).toBe('OK');
    expect(redis.health()).toMatchObject({ state: 'steady', generation: 1 });
  });
});

function manyReplicas(count: number): string {
  const one = (n: number): string => {
    const host = `127.9.${n >> 8}.${n & 255}`;
    return `*4\r\n$2\r\nip\r\n$${host.length}\r\n${host}\r\n$4\r\nport\r\n$4\r\n6379\r\n`;
  };
  return `*${count}\r\n${Array.from({ length: count }, (_, n) => one(n)).join('')}`;
}
