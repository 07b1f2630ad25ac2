import { setTimeout as sleep } from 'node:timers/promises';
import { HaRedis, type BridgedGap, type Gap } from '@steadfast/redis-ha';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { failOver } from './fail-over.ts';
import { startLoneRedis, type LoneRedis } from './lone-redis.ts';
import { startMutingProxy } from './muting-proxy.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
let server: LoneRedis;
let admin: HaRedis;

beforeAll(async () => {
  server = await startLoneRedis();
  admin = new HaRedis({ host: server.host, port: server.port, keyPrefix: 'p:', env: {} });
});

afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

describe('a subscription', () => {
  it('that falls silent without a sign is noticed, made again, and tells of the gap', async () => {
    const proxy = await startMutingProxy(server);
    const redis = new HaRedis({ host: proxy.host, port: proxy.port, silenceMs: 200, env: {} });
    const gaps: Gap[] = [];
    redis.on('gap', (gap: Gap) => gaps.push(gap));
    try {
      await redis.subscribe('news', 'sport');
      await sleep(500);
      const muted = Date.now();
      proxy.mute();
      await admin.publish('news', 'missed');
      const missedAt = Date.now();
      await expect.poll(() => gaps.length, { timeout: 5_000 }).toBe(1);
      const [gap] = gaps;
      expect(gap).toMatchObject({ channels: ['news', 'sport'], patterns: [] });
      expect(Number(gap?.from)).toBeLessThan(muted);
      expect(Number(gap?.from)).toBeGreaterThan(muted - 1_000);
      expect(Number(gap?.to)).toBeGreaterThan(missedAt);
      const heard = new Promise((resolve) => redis.once('message', (...words) => resolve(words)));
      await admin.publish('sport', 'heard');
      expect(await heard).toEqual(['sport', 'heard']);
    } finally {
      redis.disconnect();
      await proxy.stop();
    }
  });

  it('that bridges gives what was published while its link was down, once and in order', async () => {
    const proxy = await startMutingProxy(server);
    const redis = new HaRedis({ host: proxy.host, port: proxy.port, keyPrefix: 'p:', env: {} });
    const subscriber = redis.subscriber({ stream: true });
    const heard: string[] = [];
    const gaps: BridgedGap[] = [];
    subscriber.on('message', (channel, message) => heard.push(`${channel}/${message}`));
    subscriber.on('gap', (gap) => gaps.push(gap));
    try {
      await admin.publishKept('a', 'before');
      await subscriber.subscribe('a', 'b');
      for (let round = 1; round <= 3; round++) {
        const published = await admin.publishKept('a', `1st of ${round}`);
        expect(published.id).toMatch(/^\d+-\d+$/);
        await expect.poll(() => heard.at(-1)).toBe(`a/1st of ${round}`);
        await proxy.stop();
        await admin.publishKept('a', `2nd of ${round}`);
        await admin.publishKept('a', `2nd of ${round}, with blanks\nand lines`);
        await proxy.reopen();
        await expect.poll(() => gaps.length, { timeout: 5_000 }).toBe(round);
      }
      expect(gaps[0]).toMatchObject({ bridged: true, channels: ['a', 'b'] });
      const round = (n: number): string[] =>
        [`1st of ${n}`, `2nd of ${n}`, `2nd of ${n}, with blanks\nand lines`].map((text) => `a/${text}`);
      expect(heard).toEqual([1, 2, 3].flatMap(round));
    } finally {
      await subscriber.close();
      redis.disconnect();
      await proxy.stop();
    }
  });

  it('hears a message that is published twice under one token once, and plain subscribers hear it too', async () => {
    const plain = admin.subscriber();
    const heard: string[] = [];
    plain.on('message', (_, message) => heard.push(message));
    await plain.subscribe('once');
    for (let n = 0; n < 2; n++) await admin.publishKept('once', 'x', { token: 'x' });
    await admin.publish('once', 'end');
    await expect.poll(() => heard).toEqual(['x', 'end']);
    await plain.close();
    const wrong = { code: 'HA_CONFIG' };
    await expect(admin.publishKept('once', 'x', { token: 'a b' })).rejects.toMatchObject(wrong);
    await expect(admin.publishKept('once', 'x', { keep: 1 })).rejects.toMatchObject(wrong);
  });
});

describe('subscriptions through failovers', () => {
  it.each(['sentinel-failover', 'redis-crash'] as const)('%s', async (fault) => {
    const redis = new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) });
    const plain = redis.duplicate();
    const bridging = redis.subscriber({ stream: true });
    const channel = `news:${fault}`;
    const [heard, bridged] = [new Set<number>(), [] as number[]];
    const gaps: Gap[] = [];
    plain.on('message', (_: string, message: string) => heard.add(Number(message)));
    plain.on('gap', (gap: Gap) => gaps.push(gap));
    bridging.on('message', (_, message) => bridged.push(Number(message)));
    const ends: BridgedGap[] = [];
    bridging.on('gap', (gap) => ends.push(gap));
    await Promise.all([plain.subscribe(channel), bridging.subscribe(channel)]);
    await sleep(200);

    const published: { n: number; from: number; to: number }[] = [];
    let more = true;
    const publishing = (async () => {
      for (let n = 0; more && n < 10_000; n++) {
        const from = Date.now();
        await redis.publishKept(channel, String(n));
        published.push({ n, from, to: Date.now() });
        await sleep(2);
      }
    })();
    await sleep(300);
    await failOver(held.lab, fault);
    await expect.poll(() => gaps.length > 0 && ends.length > 0, { timeout: 10_000 }).toBe(true);
    await sleep(300);
    more = false;
    await publishing;
    const last = published.at(-1)?.n ?? -1;
    await expect.poll(() => bridged.at(-1)).toBe(last);

    const untold = published.filter(
      ({ n, from, to }) =>
        !heard.has(n) && !gaps.some((gap) => from <= Number(gap.to) && to >= Number(gap.from)),
    );
    expect(untold).toEqual([]);
    const inOrder = bridged.every((n, at) => at === 0 || n > (bridged[at - 1] ?? -1));
    expect(inOrder).toBe(true);
    // What a crash has taken from the stream itself nobody can read; the others came, each once.
    const kept = new Set(
      (await redis.xrange(`${channel}:stream`, '-', '+')).map(([, fields]) => Number(fields[3])),
    );
    const missing = published.filter(
      ({ n }) => !bridged.includes(n) && (fault !== 'redis-crash' || kept.has(n)),
    );
    expect(missing).toEqual([]);
    expect(ends.every((gap) => gap.bridged)).toBe(true);
    await bridging.close();
    plain.disconnect();
    redis.disconnect();
  });
});
