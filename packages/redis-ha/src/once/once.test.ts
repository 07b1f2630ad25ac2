import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import { OnceError } from './once-error.ts';
import { onceFor, type OnceHost, type OnceOp, type OnceOptions, type OnceScript } from './once.ts';

const HOUR_MS = 3_600_000;

const letters = (count: number): string[] => Array.from({ length: count }, () => 'x');

/** A server that answers each script with what is given, and what it was sent. */
function setup(reply: unknown): { host: OnceHost; sent: { name: string; args: unknown[] }[] } {
  const sent: { name: string; args: unknown[] }[] = [];
  const send = ({ name, args }: DriverCommand): unknown => {
    sent.push({ name, args: [...args] });
    return reply;
  };
  const defined = (name: string): string | undefined => (name === 'mine' ? 'return 7' : undefined);
  return { host: { keyPrefix: 'p:', failoverWaitMs: 1_000, defined, send }, sent };
}

type Work = readonly OnceOp[] | OnceScript;
const run = (host: OnceHost, work: unknown, options: unknown = { token: 't' }): Promise<unknown> =>
  onceFor(host, work as Work, options as OnceOptions);

describe('commands that are run once', () => {
  it('go as one script: the proof and every key first, then each command with the number of its words', async () => {
    const { host, sent } = setup([0, [Buffer.from('é'), 2]]);
    const work = [
      ['SET', 'a', 'x'],
      ['incr', 'b'],
      ['incr', 'a'],
    ];
    await run(host, work);
    expect(sent[0]?.name).toBe('evalsha');
    expect(sent[0]?.args.slice(1)).toEqual(
      [3, 'p:ha:once:t', 'p:a', 'p:b', HOUR_MS, 3, 'set', 'p:a', 'x', 2, 'incr', 'p:b', 2, 'incr', 'p:a'].map(
        String,
      ),
    );
  });

  it('answer as texts, or as Buffers', async () => {
    const { host } = setup([0, [Buffer.from('é'), 2]]);
    const work = [
      ['get', 'a'],
      ['incr', 'b'],
    ];
    expect(await run(host, work)).toEqual(['é', 2]);
    expect(await run(host, work, { token: 't', buffers: true })).toEqual([Buffer.from('é'), 2]);
    expect(await run(host, work, { token: 't', buffers: false })).toEqual(['é', 2]);
  });

  it('end with the first that fails: it says which, and what was applied before it', async () => {
    const failed = new Error('WRONGTYPE x');
    const { host } = setup([0, [1, failed]]);
    const error: unknown = await run(host, [
      ['incr', 'a'],
      ['lpush', 'a', 'x'],
      ['incr', 'b'],
    ]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OnceError);
    expect(error).toMatchObject({ applied: 1, answers: [1], outcome: 'unknown', cause: failed });
  });

  it('may be kept for twice as long as a repeat may be sent, and up to 30 days, an hour unless told', async () => {
    const { host, sent } = setup([0, [1]]);
    for (const ttlMs of [2_000, 30 * 24 * HOUR_MS]) await run(host, [['incr', 'a']], { token: 't', ttlMs });
    expect(sent.map(({ args }) => args[4])).toEqual(['2000', String(30 * 24 * HOUR_MS)]);
  });
});

describe('a script that is run once', () => {
  it('goes with its keys, prefixed, and its arguments, behind the proof', async () => {
    const { host, sent } = setup([0, [Buffer.from('seven')]]);
    const script = { script: 'return 7', keys: ['a', Buffer.from('b')], args: ['x', 1] };
    expect(await run(host, script)).toBe('seven');
    expect(sent[0]?.args.slice(1).map(String)).toEqual([
      '3',
      'p:ha:once:t',
      'p:a',
      'p:b',
      String(HOUR_MS),
      'x',
      '1',
    ]);
    expect(await run(host, { script: 'mine' }, { token: 't', buffers: true })).toEqual(Buffer.from('seven'));
    expect(sent[1]?.args.slice(1).map(String)).toEqual(['1', 'p:ha:once:t', String(HOUR_MS)]);
  });

  it('keeps keys as they are that are no text', async () => {
    const { host, sent } = setup([0, [1]]);
    await run(host, { script: 'return 7', keys: [Buffer.from([0xff, 0x00, 0xc3])] });
    expect(sent[0]?.args[3]).toEqual(Buffer.from([0x70, 0x3a, 0xff, 0x00, 0xc3]));
  });

  it('leaves open what it did before it failed', async () => {
    const { host } = setup([0, [new Error('ERR inside')]]);
    await expect(run(host, { script: 'return 7' })).rejects.toMatchObject({
      message: 'ERR inside',
      outcome: 'unknown',
    });
  });

  it('answers null where it answers nothing', async () => {
    expect(await run(setup([0, []]).host, { script: 'return 7' })).toBeNull();
  });
});

describe('work that cannot be run once is refused before anything is sent', () => {
  const incr = [['incr', 'a']];
  const script = { script: 'return 7' };
  const many = (count: number): string[][] => Array.from({ length: count }, () => ['incr', 'a']);
  const rows: [says: string, work: unknown, options?: unknown][] = [
    ['once: the number of commands is 0; allowed: 1 to 100', []],
    ['once: the number of commands is 101; allowed: 1 to 100', many(101)],
    [
      'once: the number of words in all commands is 7001; allowed: at most 7000',
      [['del', ...letters(7_000)]],
    ],
    ["once: a command is 'nonsense'; allowed: a Redis command", [['nonsense', 'a']]],
    ["once: a command is 'blpop'; allowed: what servers allow in scripts", [['blpop', 'a', '0']]],
    ["once: a command is 'multi'; allowed: what servers allow in scripts", [['multi']]],
    ["once: a command is 'SELECT'; allowed: what servers allow in scripts", [['SELECT', '1']]],
    ["once: a command is 'swapdb'; allowed: what servers allow in scripts", [['swapdb', '0', '1']]],
    ["once: a command is 'number'; allowed: a list such as ['incr', 'key']", [7]],
    ["once: a command is 'object'; allowed: a list such as", [[7, 'a']]],
    ["once: the arguments of incr is '(hidden)'; allowed: a list of texts", [['incr', {}]]],
    ["once: the arguments of mset is '(hidden)'; allowed: a list of texts", [['mset', ['a', Symbol('b')]]]],
    ["once: the arguments of set is '(hidden)'; allowed: a list of texts", [['set', 'a', () => 1]]],
    ["once: the work is 'string'; allowed: a list of commands, or { script", 'incr'],
    ["once: the work is 'object'; allowed: a list of commands", null],
    ["once: script is 'undefined'; allowed: a Lua text, or the name of a command", {}],
    ["once: script is 'nameless'; allowed: a Lua text without a shebang", { script: 'nameless' }],
    ["once: script is '#!lua return 7'; allowed: a Lua text without a shebang", { script: '#!lua return 7' }],
    ["once: keys is 'string'; allowed: a list of texts and Buffers", { ...script, keys: 'a' }],
    ["once: keys is 'object'; allowed: a list of texts and Buffers", { ...script, keys: ['a', 1] }],
    ["once: args is 'string'; allowed: a list of texts", { ...script, args: 'a' }],
    ["once: args is 'object'; allowed: a list of texts", { ...script, args: ['a', {}] }],
    [
      'once: the number of keys and arguments is 7001; allowed: at most 7000',
      { ...script, keys: ['a'], args: [...letters(7_000)] },
    ],
    ["once: options is 'object'; allowed: an object with the token", incr, null],
    ["once: options is 'string'; allowed: an object with the token", incr, 't'],
    ["once: token is ''; allowed: a text of 1 to 200 characters", incr, { token: '' }],
    ["once: token is 'xxx", incr, { token: 'x'.repeat(201) }],
    ['once: token is 7; allowed: a text', incr, { token: 7 }],
    ['once: token is', incr, { token: ['t'] }],
    [
      'once: ttlMs is 1999; allowed: whole milliseconds from 2000 (twice failoverWaitMs',
      incr,
      { token: 't', ttlMs: 1_999 },
    ],
    [
      'once: ttlMs is 2592000001; allowed: whole milliseconds',
      incr,
      { token: 't', ttlMs: 30 * 24 * HOUR_MS + 1 },
    ],
    ['once: ttlMs is 2000.5; allowed: whole milliseconds', incr, { token: 't', ttlMs: 2_000.5 }],
    ["once: buffers is 'yes'; allowed: true or false", incr, { token: 't', buffers: 'yes' }],
  ];
  it.each(rows)('%s', async (says, work, options = { token: 't' }) => {
    const { host, sent } = setup([0, [1]]);
    const message: unknown = expect.stringContaining(says);
    await expect(run(host, work, options)).rejects.toMatchObject({ code: 'HA_CONFIG', message });
    expect(sent).toEqual([]);
  });

  it('a command that was defined by something else than a text', async () => {
    const { host, sent } = setup([0, [1]]);
    const defined = (): string => Buffer.from('return 7') as unknown as string;
    await expect(run({ ...host, defined }, { script: 'mine' })).rejects.toMatchObject({ code: 'HA_CONFIG' });
    expect(sent).toEqual([]);
  });

  it('and not at its limits', async () => {
    const { host } = setup([0, [1]]);
    const good: [work: unknown, options?: unknown][] = [
      [many(100)],
      [[['del', ...letters(6_999)]]],
      [[['set', 'a', null]]],
      [[['mset', ['a', Buffer.from('b')]]]],
      [{ ...script, keys: ['a'], args: [...letters(6_999)] }],
      [incr, { token: 'x'.repeat(200) }],
      [incr, { token: 'x' }],
    ];
    for (const [work, options] of good) await expect(run(host, work, options)).resolves.toBeDefined();
  });
});
