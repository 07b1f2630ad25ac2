import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client } = withScriptedRedis();

const GRANTED = { on: 'monitor', does: [{ send: '+OK\r\n' }] };
const REFUSED = { on: 'monitor', does: [{ send: '-NOPERM no permission\r\n' }] };

describe('MONITOR', () => {
  it('works where commands do not wait in a queue', async () => {
    const server = await member();
    server.script(GRANTED);
    const redis = client({ ...addressOf(server), enableOfflineQueue: false });
    await once(redis, 'ready');
    const monitor = await redis.monitor();
    expect(monitor.status).toBe('monitoring');
    monitor.disconnect();
  });

  it('leaves no connection behind where it is refused', async () => {
    const server = await member();
    server.script(REFUSED);
    const redis = client(addressOf(server));
    await redis.ping();
    const before = server.open;
    await expect(redis.monitor()).rejects.toThrow('NOPERM');
    await expect.poll(() => server.open).toBe(before);
  });

  it('fails where nobody is primary in time, and leaves nobody looking for one', async () => {
    const server = await member({ role: 'slave' });
    const redis = client({ ...addressOf(server), failoverWaitMs: 200, dialTimeoutMs: 200 });
    await expect(redis.monitor()).rejects.toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
    redis.disconnect();
    await expect.poll(() => server.open).toBe(0);
  });

  it.each(['disconnect', 'quit'] as const)('ends with its client, by %s()', async (how) => {
    const server = await member({ role: 'slave' });
    const redis = client(addressOf(server));
    const asked = redis.monitor();
    asked.catch(() => undefined);
    await redis[how]();
    await expect(asked).rejects.toMatchObject({ code: 'HA_CLOSED', outcome: 'notSent' });
    await expect.poll(() => server.open).toBe(0);
  });

  it('that is refused on a later link ends neither the connection nor the process', async () => {
    const server = await member();
    server.script(GRANTED);
    const monitor = await client(addressOf(server)).monitor();
    const refused = server.script({ ...REFUSED, times: 2 });
    for (let link = 1; link <= 2; link++) {
      monitor.disconnect(true);
      await expect.poll(() => refused.met).toBe(link);
    }
    const monitoring = once(monitor, 'monitoring');
    monitor.disconnect(true);
    await monitoring;
    monitor.disconnect();
  });
});
