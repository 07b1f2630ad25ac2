import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedRedis } from '@steadfast/mock';
import type { HaReader, HaRedisOptions } from '@steadfast/redis-ha';
import { beforeEach, describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, sentinels, client, data } = withScriptedRedis();

/** Data may be so old that their age has to be asked for only every quarter of an hour. */
const HOUR_MS = 3_600_000;
const SILENCE_MS = 800;
const PATIENT = { timeout: 5_000 };

let primary: ScriptedRedis;
let replica: ScriptedRedis;
/** what the replica has applied of the primary's 100 bytes */
let applied: number;
let primaryInfo: () => Buffer;
const bulk = (text: string): Buffer => Buffer.from(`$${text.length}\r\n${text}\r\n`);

beforeEach(async () => {
  [primary, replica] = [await member(), await member({ role: 'slave' })];
  applied = 100;
  const replid = randomUUID();
  primaryInfo = () => bulk(`role:master\r\nmaster_repl_offset:100\r\nmaster_replid:${replid}`);
  const says = (server: ScriptedRedis, ...lines: (() => string)[]): void => {
    const info = (): string => [`master_replid:${replid}`, ...lines.map((line) => line())].join('\r\n');
    server.script({ on: /^info replication/i, does: [{ answerAs: () => bulk(info()) }] });
  };
  primary.script({ on: /^info replication/i, does: [{ answerAs: primaryInfo }] });
  says(
    replica,
    () => 'role:slave\r\nmaster_link_status:up',
    () => `slave_repl_offset:${applied}`,
  );
  data.set('k', 'v');
});

describe('a reader of a client that is connected again after it had ended', () => {
  it('reads from the replica, also where a failover had come before', async () => {
    const next = await member({ role: 'slave' });
    next.script({ on: /^info replication/i, does: [{ answerAs: () => primaryInfo() }] });
    const all = await sentinels(addressOf(primary), [addressOf(replica)]);
    const redis = client({ sentinels: all.map(addressOf), readerMaxLagMs: 500, refreshMs: 200 });
    await expect.poll(() => serving(redis.reader), PATIENT).toBe(true);
    [next.says.role, primary.says.role] = ['master', 'slave'];
    for (const one of all) one.switchTo(addressOf(next), 2);
    await expect.poll(() => redis.primary?.port, PATIENT).toBe(next.port);
    await expect.poll(() => serving(redis.reader), PATIENT).toBe(true);
    redis.disconnect();
    await expect.poll(() => redis.status).toBe('end');
    await redis.connect();
    // What it knew before is too old now.
    await sleep(600);
    await expect.poll(() => serving(redis.reader), PATIENT).toBe(true);
  });
});

async function reading(options: HaRedisOptions = {}): Promise<HaReader> {
  const all = await sentinels(addressOf(primary), [addressOf(replica)]);
  const settings = { readerMaxLagMs: HOUR_MS, silenceMs: SILENCE_MS, refreshMs: 200, ...options };
  const { reader } = client({ sentinels: all.map(addressOf), ...settings });
  return reader;
}

/** It reads, and tells whether the replica would be given the next one. */
async function serving(reader: HaReader): Promise<boolean | undefined> {
  expect(await reader.get('k')).toBe('v');
  return reader.replicas[0]?.serves;
}

describe('a reader whose data may be an hour old', () => {
  it('waits for a replica that falls silent for at most silenceMs, and then reads from the primary', async () => {
    const reader = await reading();
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
    const silent = replica.script({ on: /./, does: ['hang'] });
    const began = performance.now();
    const reads = Promise.all([reader.get('k'), reader.get('k')]);
    await sleep(SILENCE_MS / 4);
    expect([await reader.get('k'), await reads]).toEqual(['v', ['v', 'v']]);
    // Not once more for those that came later; the rest is for a machine that is busy.
    expect(performance.now() - began).toBeLessThan(2 * SILENCE_MS - 100);
    expect(silent.met).toBeGreaterThan(0);
  });

  it('dials a replica again within its pause, not within that hour', async () => {
    const reader = await reading();
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
    replica.cut();
    await expect.poll(() => serving(reader), PATIENT).toBe(false);
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
  });

  it('reads from a replica soon that was behind when it was first asked', async () => {
    applied = 50;
    const reader = await reading();
    await expect.poll(() => serving(reader), PATIENT).toBe(false);
    applied = 100;
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
  });

  it('asks nobody for positions more often than that takes', async () => {
    const reader = await reading();
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
    const asked = [primary, replica].map((one) => one.script({ on: /^info replication/i, does: ['hang'] }));
    for (let n = 0; n < 10; n++) {
      expect(await reader.get('k')).toBe('v');
      await sleep(100);
    }
    expect(asked.map(({ met }) => met)).toEqual([0, 0]);
  });
});

describe('a read with a commandTimeout', () => {
  it('has that deadline on a replica too, from when it was given, and is not sent elsewhere after it', async () => {
    const reader = await reading({ commandTimeout: 200, silenceMs: 1_000 });
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
    replica.script({ on: /^get/i, does: ['hang'] });
    const toPrimary = primary.script({ on: /^get/i, does: ['answer'] });
    const began = performance.now();
    await expect(reader.get('k')).rejects.toMatchObject({
      message: 'Command timed out',
      outcome: 'unknown',
    });
    expect(performance.now() - began).toBeLessThan(800);
    await expect.poll(() => reader.replicas[0]?.serves, PATIENT).toBe(false);
    expect(toPrimary.met).toBe(0);
  });

  it('counts it on where the replica fails and the primary is asked instead', async () => {
    const reader = await reading({ commandTimeout: 1_000, silenceMs: 500 });
    await expect.poll(() => serving(reader), PATIENT).toBe(true);
    for (const one of [replica, primary]) one.script({ on: /^get/i, does: ['hang'] });
    const began = performance.now();
    await expect(reader.get('k')).rejects.toThrow('Command timed out');
    expect(performance.now() - began).toBeLessThan(1_000 + 400);
  });
});
