import { setTimeout as sleep } from 'node:timers/promises';
import { encodeReply, type ScriptedRedis, type ScriptedSentinel } from '@steadfast/mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { listeningLogger } from '../support/leaks.ts';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, sentinels, client } = withScriptedRedis();

const FORGOTTEN = { send: '-ERR No such master with that name\r\n' };

let server: ScriptedRedis;
let all: ScriptedSentinel[];

beforeEach(async () => {
  server = await member();
  all = await sentinels(addressOf(server));
});

describe('at the start, a sentinel that takes its time', () => {
  beforeEach(async () => {
    const [forgetful, gone, slow] = all as [ScriptedSentinel, ScriptedSentinel, ScriptedSentinel];
    // One write: each question has an answer of its own.
    forgetful.script({ on: /^sentinel (?!myid)/i, does: [FORGOTTEN] });
    await gone.stop();
    slow.script({ on: /^sentinel master /i, does: [{ wait: sleep(150) }, 'answer'], times: 1 });
  });

  it('is waited for where one has forgotten the master and another is gone', async () => {
    const redis = client({ sentinels: all.map(addressOf) });
    expect(await redis.ping()).toBe('PONG');
  });

  it('that cannot name the master either ends the wait', async () => {
    all[2]?.script({ on: /^sentinel (?!myid)/i, does: [FORGOTTEN] });
    const redis = client({ sentinels: all.map(addressOf) });
    const refusal = {
      code: 'HA_CONFIG',
      message: expect.stringContaining('REDIS_SENTINEL_MASTER_NAME') as string,
    };
    await expect(redis.ping()).rejects.toMatchObject(refusal);
  });
});

describe('a sentinel that does not let its user hear what it publishes', () => {
  it('is asked as before, told of once in log and health, and not asked for that again', async () => {
    const refused = all[0]?.script({
      on: /^psubscribe/i,
      does: [{ send: '-NOPERM no channel permissions\r\n' }],
    });
    const { logger, lines } = listeningLogger();
    const redis = client({ sentinels: all.map(addressOf), logger, refreshMs: 100 });
    expect(await redis.ping()).toBe('PONG');
    await expect.poll(() => all.map(({ subscribers }) => subscribers)).toEqual([0, 1, 1]);
    await sleep(700);
    expect(refused?.met).toBe(1);
    expect(lines().split('sentinel-forbids')).toHaveLength(2);
    const { sentinel, warnings } = redis.health();
    expect(sentinel).toMatchObject({ known: 3, answered: 3 });
    expect(warnings).toContainEqual(expect.stringContaining(`127.0.0.1:${all[0]?.port} leads`));
  });
});

describe('with updateSentinels: false', () => {
  it('nobody is asked but the sentinels that were given', async () => {
    const [first, second] = all as [ScriptedSentinel, ScriptedSentinel];
    const { host, port } = second;
    const about = `*1\r\n${encodeReply(['ip', host, 'port', String(port), 'runid', 's2']).toString()}`;
    first.script({ on: /^sentinel sentinels/i, does: [{ answerAs: () => Buffer.from(about) }] });
    const alone = client({ sentinels: [addressOf(first)], updateSentinels: false, refreshMs: 100 });
    await alone.ping();
    await sleep(300);
    expect(second.taken).toBe(0);
    await client({ sentinels: [addressOf(first)], refreshMs: 100 }).ping();
    await expect.poll(() => second.taken).toBeGreaterThan(0);
  });
});
