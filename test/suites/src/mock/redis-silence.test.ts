import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

describe('a link that is silent with work on it', () => {
  it('is given nothing more, though its master answers elsewhere: what comes waits for the next link', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), silenceMs: 400 });
    await redis.ping();
    server.script({ on: 'incr lost', does: ['hang'], times: 1 });
    const first = redis.incr('lost').catch((error: unknown) => error);
    const confirmed = server.script({ on: /^role$/i, does: ['answer'] });
    await expect.poll(() => confirmed.met).toBeGreaterThan(0);
    await expect.poll(() => redis.health().state).toBe('steady');
    await Promise.all(Array.from({ length: 5 }, () => redis.incr('n')));
    expect([data.get('n'), await first]).toEqual(['5', expect.objectContaining({ outcome: 'unknown' })]);
  });

  it('is used again when it speaks, though its master can be asked nowhere else', async () => {
    const server = await member();
    const redis = client({
      ...addressOf(server),
      strategy: 'managed',
      silenceMs: 200,
      failoverWaitMs: 20_000,
    });
    await redis.ping();
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    server.script({ on: 'incr slow', does: [{ wait: thawed }, 'answer'], times: 1 });
    const full = server.script({ on: 'connect', does: ['hang'] });
    const slow = redis.incr('slow');
    await expect.poll(() => full.met).toBeGreaterThan(0);
    const waits = redis.incr('n');
    thaw();
    const before = performance.now();
    expect([await slow, await waits]).toEqual([1, 1]);
    expect(performance.now() - before).toBeLessThan(5_000);
  });
});

describe('a socketTimeout', () => {
  it('resets the link: what is made anew on the next one must not be delivered from there, too', async () => {
    const server = await member();
    server.script({ on: 'set k 1', does: ['hang'], times: 1 });
    const redis = client({ ...addressOf(server), socketTimeout: 200, silenceMs: 30_000 });
    const errors: string[] = [];
    redis.on('error', (error) => errors.push(error.message));
    await redis.ping();
    const reset = vi.spyOn(redis.stream as Socket, 'resetAndDestroy');
    expect(await redis.set('k', '1')).toBe('OK');
    expect(reset).toHaveBeenCalledOnce();
    expect(errors).toEqual([expect.stringMatching(/^Socket timeout/)]);
  });
});

describe('a command with a commandTimeout', () => {
  it('ends by it, the time that it waited for a connection included', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), commandTimeout: 2_000, silenceMs: 30_000 });
    await redis.ping();
    await server.stop();
    await expect.poll(() => redis.status).not.toBe('ready');
    const hangs = server.script({ on: 'incr n', does: ['hang'] });
    const before = performance.now();
    const given = redis.incr('n');
    const told = expect(given).rejects.toMatchObject({ message: 'Command timed out', outcome: 'unknown' });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    await server.start();
    await told;
    expect([hangs.met, Math.round((performance.now() - before) / 1_000)]).toEqual([1, 2]);
  });
});

describe('a command that blocks', () => {
  it('and is ended by a change of role has the rest of its time on the next try', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), silenceMs: 400 });
    await redis.ping();
    const { promise, resolve } = Promise.withResolvers<void>();
    const unblocked =
      '-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n';
    server.script({ on: /^blpop k/, does: [{ send: '*-1\r\n' }] });
    const whole = server.script({ on: 'blpop k 30', does: [{ send: '*-1\r\n' }] });
    const first = server.script({
      on: 'blpop k 30',
      does: [{ wait: promise }, { send: unblocked }],
      times: 1,
    });
    const popped = redis.blpop('k', 30);
    setTimeout(resolve, 1_200);
    expect(await popped).toBe(null);
    expect([first.met, whole.met]).toEqual([1, 0]);
  });
});
