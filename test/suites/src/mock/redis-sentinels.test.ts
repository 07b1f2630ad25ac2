import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptedRedis, ScriptedSentinel } from '@steadfast/mock';
import { beforeEach, describe, expect, it } from 'vitest';
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
