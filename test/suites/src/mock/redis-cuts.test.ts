import type { ScriptedRedis } from '@steadfast/mock';
import { outcomeOf, type HaRedis } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { hastened } from './hastened-clock.ts';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

/** Each cut is a link that did not live long, after which the next dial waits. */
const HASTENED = { clock: hastened(20), dialTimeoutMs: 100_000, silenceMs: 100_000, failoverWaitMs: 600_000 };

type Answer = [error: Error | null, value: unknown];

/** Commands of one round, each of which shows whose it is by its answer. */
const COMMANDS: readonly {
  words: (id: string) => string[];
  answer: (id: string) => unknown;
  safe: boolean;
}[] = [
  { words: (id) => ['set', `set ${id}`, id], answer: () => 'OK', safe: true },
  { words: (id) => ['incr', `n ${id}`], answer: () => 1, safe: false },
  { words: (id) => ['echo', `echo ${id}`], answer: (id) => `echo ${id}`, safe: true },
  { words: (id) => ['get', `set ${id}`], answer: (id) => id, safe: true },
  { words: (id) => ['append', `a ${id}`, 'xx'], answer: () => 2, safe: false },
  { words: (id) => ['echo', `last ${id}`], answer: (id) => `last ${id}`, safe: true },
];
/** More than all their answers together. */
const LENGTH = 75;

async function settled(calls: readonly Promise<unknown>[]): Promise<Answer[]> {
  const all = await Promise.allSettled(calls);
  return all.map((one) =>
    one.status === 'fulfilled' ? [null, one.value] : [one.reason as Error, undefined],
  );
}

const WAYS: Record<string, (redis: HaRedis, id: string) => Promise<Answer[]>> = {
  'a pipeline': async (redis, id) =>
    ((await redis.pipeline(COMMANDS.map(({ words }) => words(id))).exec()) ?? []) as Answer[],
  'commands side by side': (redis, id) =>
    settled(COMMANDS.map(({ words }) => redis.call(...(words(id) as [string, ...string[]])))),
};

function expectTrue(answers: readonly Answer[], id: string): void {
  expect(answers.length).toBe(COMMANDS.length);
  for (const [index, [error, value]] of answers.entries()) {
    const { answer, safe, words } = COMMANDS[index] as (typeof COMMANDS)[number];
    const told = error ? outcomeOf(error) : { value };
    const allowed = safe ? [{ value: answer(id) }] : [{ value: answer(id) }, 'unknown'];
    expect(allowed, words(id).join(' ')).toContainEqual(told);
  }
  expect([undefined, '1']).toContain(data.get(`n ${id}`));
  expect([undefined, 'xx']).toContain(data.get(`a ${id}`));
}

describe('answers of Redis that are cut', () => {
  for (const [title, run] of Object.entries(WAYS)) {
    it(`at any byte, to ${title}: nobody gets another’s, and what is told is true`, async () => {
      const server = await member();
      const redis = client({ ...addressOf(server), ...HASTENED });
      await redis.ping();
      for (let at = 0; at < LENGTH; at++) {
        const id = `${at}`;
        server.script({ on: `set set ${id} ${id}`, does: [{ passBytes: at }, 'answer'], times: 1 });
        expectTrue(await run(redis, id), id);
        expect(await redis.echo(id)).toBe(id);
      }
    });
  }

  it('at any byte, to a transaction: all of it or nothing, and only once', async () => {
    const server = await member();
    const redis = client({ ...addressOf(server), ...HASTENED });
    await redis.ping();
    for (let at = 0; at < 60; at++) {
      const id = `${at}`;
      server.script({ on: 'multi', does: [{ passBytes: at }, 'answer'], times: 1 });
      const work = redis.multi().incr(`n ${id}`).append(`a ${id}`, 'xx').exec();
      const outcome = await work.then(
        (replies) => (
          expect(replies).toEqual([
            [null, 1],
            [null, 2],
          ]),
          'ok'
        ),
        (error: unknown) => outcomeOf(error),
      );
      const both = [data.get(`n ${id}`), data.get(`a ${id}`)];
      const done = ['1', 'xx'];
      const allowed = {
        ok: [done],
        unknown: [done, [undefined, undefined]],
        rejected: [[undefined, undefined]],
      };
      expect(Object.keys(allowed)).toContain(outcome);
      expect(allowed[outcome as keyof typeof allowed]).toContainEqual(both);
      expect(await redis.echo(id)).toBe(id);
    }
  });

  it.each(['role', 'hello 3'])('at any byte from %s of a new connection on', async (on) => {
    const server: ScriptedRedis = await member();
    for (let at = 0; at < 160; at += 11) {
      const redis = client({ ...addressOf(server), ...HASTENED });
      const pattern = new RegExp(`^${on}$`, 'i');
      const cut = server.script({ on: pattern, does: [{ passBytes: at }, 'answer'], times: 2 });
      expect(await redis.echo(`${at}`)).toBe(`${at}`);
      expect(cut.met).toBeGreaterThan(0);
      cut.end();
      redis.disconnect();
    }
  });
});
