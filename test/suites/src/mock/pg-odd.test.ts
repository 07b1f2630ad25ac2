import { setTimeout as sleep } from 'node:timers/promises';
import { pgMessages, type ScriptedPostgres, type Step } from '@steadfast/mock';
import { HaPool } from '@steadfast/pg-ha';
import { describe, expect, it } from 'vitest';
import { outcomeOfCall, TRUE_COUNTS, withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf, tables } = withScriptedPostgres();
const { authenticationOk, commandComplete, dataRow, errorResponse, message, noticeResponse } = pgMessages;
const { parameterStatus, readyForQuery, rowDescription } = pgMessages;

const STANDBY = { standby: true };
const IDENTITY = /pg_is_in_recovery/;
const insert = (id: string): string => `INSERT INTO t VALUES ('${id}')`;
const terminated = { severity: 'FATAL', sqlstate: '57P01', message: 'terminating connection' };

/** `to` takes over from `from`, as a promotion does. */
function promote(to: ScriptedPostgres, from: ScriptedPostgres): void {
  from.says.standby = true;
  Object.assign(to.says, { standby: false, timeline: from.says.timeline + 1 });
}

const at = ({ port }: ScriptedPostgres): unknown => expect.objectContaining({ port });

async function expectToServe(pool: HaPool): Promise<void> {
  expect((await pool.query({ text: 'SELECT 1', idempotent: true })).rows).toEqual([{ x: '1' }]);
}

describe('a role that changes in the middle of a login', () => {
  it.each([
    ['before it is let in', 'startup', ['run', 'answer']],
    ['between login and the question for its role', 'startup', ['answer', 'run']],
    ['after the answer to it', IDENTITY, ['answer', 'run']],
  ] as const)('%s: the work goes to the new primary', async (_when, on, order) => {
    const [a, b] = [await member(), await member(STANDBY)];
    const run = (): void => promote(b, a);
    const pool = poolOf([a, b]);
    a.script({ on, does: order.map((step): Step => (step === 'run' ? { run } : step)), times: 1 });
    // One that has gone out to the old primary is cut when the new one shows itself, and its outcome unknown then.
    const outcome = await outcomeOfCall(pool.query(insert('1')));
    expect(['ok', 'unknown']).toContain(outcome);
    expect(TRUE_COUNTS[outcome]).toContain(tables.count('t', '1'));
    await expect.poll(() => pool.primary, { timeout: 5_000 }).toEqual(at(b));
  });
});

describe('what a server says of itself beside the answer to our question', () => {
  it.each(['on', 'off'])('makes nobody believe it: in_hot_standby is %s on both', async (lie) => {
    const parameters = { server_version: '16.4', in_hot_standby: lie };
    const [a, b] = [await member({ parameters, ...STANDBY }), await member({ parameters })];
    const pool = poolOf([a, b]);
    await pool.query(insert(lie));
    expect(pool.primary).toEqual(at(b));
  });

  it('may come out of season: while idle, before an answer, in its middle, and after it', async () => {
    const a = await member();
    const pool = poolOf([a]);
    await expectToServe(pool);
    const news = parameterStatus('in_hot_standby', 'on');
    a.say(news);
    const middle = (answer: Buffer): Buffer => {
      const end = answer.length - readyForQuery('I').length;
      return Buffer.concat([news, answer.subarray(0, end), news, answer.subarray(end), news]);
    };
    a.script({ on: 'SELECT 1', does: [{ answerAs: middle }] });
    for (let n = 0; n < 3; n++) await expectToServe(pool);
    expect(pool.health().state).toBe('steady');
  });
});

describe('a client that somebody holds when another server becomes the primary', () => {
  it('sends nothing from that moment on: what it is given in the same turn was not sent', async () => {
    const [a, b] = [await member(), await member(STANDBY)];
    const pool = poolOf([a, b]);
    const held = await pool.connect();
    const outcome = new Promise<string>((resolve) =>
      pool.once('failover', () => resolve(outcomeOfCall(held.query(insert('1'))))),
    );
    promote(b, a);
    a.script({ on: 'connect', does: ['reset'] });
    await pool.query(insert('2')).catch(() => undefined);
    expect(await outcome).toBe('notSent');
    expect(tables.count('t', '1')).toBe(0);
    held.release();
  });
});

describe('the one server of strategy single', () => {
  it.each([false, true])('is taken as it is, whether a standby: %s', async (standby) => {
    const { host, port } = await member({ standby });
    const pool = new HaPool({ host, port, user: 'app', database: 'app', failoverWaitMs: 2_000, env: {} });
    try {
      await expectToServe(pool);
    } finally {
      await pool.end();
    }
  });
});

describe('two servers of different clusters', () => {
  it('are never taken for one: the other one gets nothing, even with a higher timeline', async () => {
    const [a, b] = [await member(), await member({ systemId: '7000000000000000002', timeline: 9 })];
    b.script({ on: 'connect', does: ['reset'] });
    const pool = poolOf([a, b], { failoverWaitMs: 400 });
    await pool.query(insert('1'));
    b.unscript();
    await a.stop();
    await expect.poll(() => pool.health().state).toBe('searching');
    const error: unknown = await pool.query(insert('2')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
    expect(String(error)).toContain('cluster');
    expect(tables.count('t', '2')).toBe(0);
  });
});

describe('a server that accepts and never speaks', () => {
  it('ends a call at its deadline, and serves when it speaks again', async () => {
    const a = await member();
    const mute = a.script({ on: 'connect', does: ['hang'] });
    const pool = poolOf([a], { dialTimeoutMs: 200, probeTimeoutMs: 200 });
    expect(await outcomeOfCall(pool.query({ text: insert('1'), deadlineMs: 500 }))).toBe('notSent');
    mute.end();
    await expectToServe(pool);
  });

  it('keeps nobody from another one', async () => {
    const [a, b] = [await member(), await member()];
    a.script({ on: 'connect', does: ['hang'] });
    const pool = poolOf([a, b]);
    await pool.query(insert('1'));
    expect(pool.primary).toEqual(at(b));
  });
});

describe('a link that ends while its statement is being cancelled', () => {
  it('has no more requests made', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await pool.query('SELECT 1');
    a.script({ on: /^INSERT/, does: [{ wait: sleep(150) }, 'close'], times: 1 });
    const cancel = a.script({ on: 'cancel', does: ['close'] });
    expect(await outcomeOfCall(pool.query({ text: insert('1'), deadlineMs: 100 }))).toBe('unknown');
    await sleep(400);
    expect(cancel.met).toBeLessThan(3);
    await expectToServe(pool);
  });
});

describe('a cancel request that is never answered', () => {
  it('keeps no caller beyond its deadline, and the pool serves on', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await expectToServe(pool);
    const cancel = a.script({ on: 'cancel', does: ['hang'] });
    const outcome = await outcomeOfCall(pool.query({ text: 'SELECT pg_sleep(30)', deadlineMs: 200 }));
    expect(outcome).toBe('unknown');
    expect(cancel.met).toBe(1);
    await expectToServe(pool);
    await expect.poll(() => pool.totalCount).toBe(1);
  });

  it('nor one that is answered by the end of everything', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await expectToServe(pool);
    a.script({ on: 'cancel', does: [{ run: () => a.cut() }], times: 1 });
    const call = pool.query({ text: 'SELECT pg_sleep(30)', deadlineMs: 200 });
    await expect(call).rejects.toMatchObject({ code: 'HA_DEADLINE' });
    await expectToServe(pool);
  });
});

describe('a caller’s signal', () => {
  it('ends its statement whenever it fires: waiting, dialling, on the wire, or about to be answered', async () => {
    const a = await member();
    for (let n = 0; n < 120; n++) {
      const pool = poolOf([a], { max: 2 });
      if (n % 3 > 0) await expectToServe(pool);
      const abort = new AbortController();
      const moment = n % 2 === 0 ? (n % 40) / 4 : 0;
      const timer = setTimeout(() => abort.abort(), moment);
      const call = pool.query({ text: 'SELECT pg_sleep(30)', signal: abort.signal });
      await expect(call).rejects.toMatchObject({ code: 'HA_ABORTED' });
      clearTimeout(timer);
      await pool.end();
    }
    await expect.poll(() => a.open).toBe(0);
  });
});

describe('messages without end', () => {
  /** Bytes for as long as somebody takes them. */
  function flood(server: ScriptedPostgres, bytes: Buffer): () => void {
    const timer = setInterval(() => server.say(bytes), 5);
    return () => clearInterval(timer);
  }
  const notices = Buffer.concat(
    Array.from({ length: 20 }, () => noticeResponse({ sqlstate: '01000', message: 'still here' })),
  );

  it.each([
    ['notices', notices],
    ['news of parameters', parameterStatus('application_name', 'x')],
    ['rows', Buffer.concat([rowDescription(['x']), dataRow(['1'])])],
  ])('%s instead of an answer end with the call’s deadline', async (_what, bytes) => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await expectToServe(pool);
    for (const on of [/^INSERT/, 'cancel']) a.script({ on, does: ['hang'] });
    const call = pool.query({ text: insert('1'), deadlineMs: 300 });
    const stop = flood(a, bytes);
    expect(await outcomeOfCall(call)).toBe('unknown');
    stop();
    a.unscript();
    await expectToServe(pool);
  });

  it('notices instead of a login end with the dial’s time', async () => {
    const a = await member();
    const script = a.script({ on: 'startup', does: [{ send: authenticationOk() }, 'hang'] });
    const stop = flood(a, notices);
    const pool = poolOf([a], { dialTimeoutMs: 150, probeTimeoutMs: 150 });
    const call = pool.query({ text: insert('1'), deadlineMs: 600 });
    expect(await outcomeOfCall(call)).toBe('notSent');
    stop();
    script.end();
    await expectToServe(pool);
  });

  it('an enormous answer arrives, and one that is only said to be enormous ends with the deadline', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    const huge = 'x'.repeat(32 << 20);
    const whole = Buffer.concat([rowDescription(['x']), dataRow([huge]), commandComplete('SELECT 1')]);
    a.script({ on: 'SELECT huge', does: [{ send: Buffer.concat([whole, readyForQuery('I')]) }] });
    const { rows } = await pool.query<{ x: string }>('SELECT huge');
    expect(rows[0]?.x.length).toBe(huge.length);
    a.script({ on: 'SELECT vast', does: [{ send: Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff, 0, 1]) }] });
    a.script({ on: 'cancel', does: ['hang'] });
    const call = pool.query({ text: 'SELECT vast', deadlineMs: 200 });
    expect(await outcomeOfCall(call)).toBe('unknown');
    await expectToServe(pool);
  });
});

/** In place of the answer to what has been carried out. */
const after = (...bytes: Buffer[]): Step => ({ answerAs: () => Buffer.concat(bytes) });
/** … behind it. */
const behind = (...bytes: Buffer[]): Step => ({ answerAs: (answer) => Buffer.concat([answer, ...bytes]) });
/** Nothing is carried out. */
const instead = (...bytes: Buffer[]): Step => ({ send: Buffer.concat(bytes) });

describe('an error where none is expected', () => {
  const oops = errorResponse({ sqlstate: 'XX000', message: 'oops' });
  const gone = errorResponse(terminated);
  const goneInRussian = errorResponse({ ...terminated, word: 'ВАЖНО' });
  const panicInGerman = errorResponse({
    severity: 'PANIC',
    word: 'PANIK',
    sqlstate: '53100',
    message: 'full',
  });
  const done = commandComplete('INSERT 0 1');
  const ready = readyForQuery('I');

  const blank = message('E', Buffer.alloc(1));

  it.each<[string, Step, string[]]>([
    ['after the statement is done, as the end of the session', after(done, gone), ['unknown']],
    ['… in another language', after(done, goneInRussian), ['unknown']],
    [
      'after it, since nothing can be written any more, in another language',
      after(panicInGerman),
      ['unknown'],
    ],
    ['before it, as the end of the session', instead(gone), ['ok']],
    ['twice', instead(oops, oops, ready), ['rejected']],
    ['after the answer, as the end of the session', behind(gone), ['ok']],
    ['after the answer, and the session goes on', behind(oops), ['ok']],
    ['with two endings', behind(ready, ready), ['ok']],
    ['without a word', instead(blank, ready), ['unknown']],
  ])('%s', async (_where, step, comesTo) => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await expectToServe(pool);
    a.script({ on: /^INSERT/, does: [step], times: 1 });
    const outcome = await outcomeOfCall(pool.query(insert('1')));
    expect(comesTo).toContain(outcome);
    expect(TRUE_COUNTS[outcome]).toContain(tables.count('t', '1'));
    await expectToServe(pool);
  });

  it('to an idle connection, as the end of its session: the pool serves on', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    for (let n = 0; n < 5; n++) {
      await expectToServe(pool);
      a.say(gone);
    }
    await expectToServe(pool);
  });

  it.each([
    ['57P03', 'FATAL'],
    ['53300', 'FATAL'],
    ['XX000', 'FATAL'],
    ['0A000', 'FATAL'],
  ])('instead of a login: %s is waited out', async (sqlstate, severity) => {
    const a = await member();
    const send = errorResponse({ severity, sqlstate, message: 'not now' });
    a.script({ on: 'startup', does: [{ send }, 'close'], times: 4 });
    await expectToServe(poolOf([a]));
  });
});

describe('bytes that are no messages', () => {
  /** What pg-protocol throws on: it would end the process. */
  const torn: [string, Buffer][] = [
    ['an unknown authentication', message('R', 99)],
    ['a description of more columns than there are', message('T', Buffer.from([0x7f, 0xff]))],
    ['a row of a negative number of cells', message('D', Buffer.from([0xff, 0xfe]))],
    ['an unknown letter', message('?', Buffer.from('what'))],
    ['a length of nothing', Buffer.from([0x43, 0, 0, 0, 0])],
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['nothing but zeroes', Buffer.alloc(64)],
  ];

  it.each(torn)('%s, to a statement: it settles, and the pool serves on', async (_what, bytes) => {
    const a = await member();
    const pool = poolOf([a], { max: 1 });
    await expectToServe(pool);
    a.script({ on: /^INSERT/, does: [{ answerAs: () => bytes }], times: 1 });
    a.script({ on: 'cancel', does: ['hang'], times: 1 });
    expect(await outcomeOfCall(pool.query({ text: insert('1'), deadlineMs: 300 }))).toBe('unknown');
    await expectToServe(pool);
  });

  it.each(torn)('%s, to a login: another one is tried', async (_what, bytes) => {
    const a = await member();
    a.script({ on: 'startup', does: [{ send: bytes }], times: 3 });
    await expectToServe(poolOf([a], { dialTimeoutMs: 300, probeTimeoutMs: 300 }));
  });

  it('one byte turned round, anywhere in an answer: what is told is true', async () => {
    const a = await member();
    const pool = poolOf([a], { max: 4 });
    await expectToServe(pool);
    const length = 64;
    for (let first = 0; first < length; first += 8) {
      const calls = Array.from({ length: 8 }, async (_, n) => {
        const id = `turned ${first + n}`;
        const answerAs = (answer: Buffer): Buffer => turned(answer, first + n);
        a.script({ on: insert(id), does: [{ answerAs }] });
        const outcome = await outcomeOfCall(pool.query({ text: insert(id), deadlineMs: 400 }));
        expect({ id, outcome, n: tables.count('t', id) }).toEqual({
          id,
          outcome,
          n: expect.toSatisfy((count: number) => TRUE_COUNTS[outcome]?.includes(count) === true),
        });
      });
      await Promise.all(calls);
    }
    await expectToServe(pool);
  });
});

function turned(answer: Buffer, index: number): Buffer {
  const copy = Buffer.from(answer);
  if (index < copy.length) copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
}
