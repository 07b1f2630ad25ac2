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
