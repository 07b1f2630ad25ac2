import { HaRedis } from '@steadfast/redis-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';

let server: LoneRedis;
let redis: HaRedis;

beforeAll(async () => {
  server = await startLoneRedis();
  redis = new HaRedis({ host: server.host, port: server.port, env: {} });
});

afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

describe('once', () => {
  it.each(['select', 'SWAPDB'])('refuses %s: its proof would be written where nobody looks', async (name) => {
    const attempt = redis.once(
      [
        [name, '1'],
        ['incr', 'n'],
      ],
      { token: `moves:${name}` },
    );
    await expect(attempt).rejects.toMatchObject({ code: 'HA_CONFIG', outcome: 'notSent' });
    expect(await redis.exists('n')).toBe(0);
  });

  it('gives answers as Buffers where asked, the same to a repeat', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x01]);
    await redis.rpush('binary', bytes);
    for (let round = 0; round < 2; round++)
      expect(await redis.once([['rpop', 'binary']], { token: 'binary', buffers: true })).toEqual([bytes]);
    expect(await redis.once([['rpop', 'binary']], { token: 'binary' })).toEqual([bytes.toString('utf8')]);
  });
});

describe("once with a script of one's own", () => {
  const lua = `local n = redis.call('INCRBY', KEYS[1], ARGV[1])
return {n, redis.status_reply('FINE'), false, {ARGV[2]}}`;

  it('runs it once, and gives its answer again to a repeat', async () => {
    const work = { script: lua, keys: ['script:n'], args: [5, 'ü'] };
    for (let round = 0; round < 2; round++)
      expect(await redis.once(work, { token: 'script' })).toEqual([5, 'FINE', null, ['ü']]);
    expect(await redis.get('script:n')).toBe('5');
  });

  it('knows commands that were defined, key prefixes and Buffers', async () => {
    const prefixed = redis.duplicate({ keyPrefix: 'p:' });
    prefixed.defineCommand('bump', { numberOfKeys: 1, lua: "return redis.call('APPEND', KEYS[1], ARGV[1])" });
    const bytes = Buffer.from([0xff, 0x00]);
    const work = { script: 'bump', keys: ['defined'], args: [bytes] };
    try {
      for (let round = 0; round < 2; round++) expect(await prefixed.once(work, { token: 'defined' })).toBe(2);
      expect(await redis.getBuffer('p:defined')).toEqual(bytes);
      const read = { script: "return redis.call('GET', KEYS[1])", keys: [Buffer.from('defined')] };
      expect(await prefixed.once(read, { token: 'read', buffers: true })).toEqual(bytes);
      expect(await redis.exists('p:ha:once:defined')).toBe(1);
    } finally {
      prefixed.disconnect();
    }
  });

  it('records an error, since what was done before it stays', async () => {
    const script = "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[2])";
    await redis.set('script:text', 'x');
    for (let round = 0; round < 2; round++)
      await expect(
        redis.once({ script, keys: ['script:half', 'script:text'] }, { token: 'half' }),
      ).rejects.toMatchObject({
        outcome: 'unknown',
        message: expect.stringContaining('not an integer') as string,
      });
    expect(await redis.get('script:half')).toBe('1');
  });

  it.each([['#!lua\nreturn 1'], ['undefined_name']])('refuses %j', async (script) => {
    await expect(redis.once({ script }, { token: 'refused' })).rejects.toMatchObject({ code: 'HA_CONFIG' });
  });
});

describe('a blocked command', () => {
  it('that somebody unblocks with an error is told so, as `rejected`', async () => {
    const id = await redis.client('ID');
    const blocked = redis.blpop('nothing', 5);
    const admin = redis.duplicate();
    try {
      await expect.poll(() => admin.client('UNBLOCK', id, 'ERROR')).toBe(1);
      const message = expect.stringMatching(/^UNBLOCKED client/) as string;
      await expect(blocked).rejects.toMatchObject({ name: 'ReplyError', outcome: 'rejected', message });
    } finally {
      admin.disconnect();
    }
  });
});
