import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pgMessages } from '@steadfast/mock';
import { outcomeOf, type HaPool } from '@steadfast/pg-ha';
import pg, { type PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import { outcomeOfCall, withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool, tables } = withScriptedPostgres();
const ready = pgMessages.readyForQuery('I');
const QUICK = { failoverWaitMs: 1_500, silenceMs: 200, probeTimeoutMs: 300, refreshMs: 300 };

describe('calls whose time is up while every connection is busy', () => {
  it.each(['primary', 'reader'] as const)(
    'leave the queue of the %s, however many they are',
    async (which) => {
      const server = await member();
      const one = pool([server], { ...QUICK, max: 1 });
      const target = which === 'primary' ? one : one.reader;
      await target.query('SELECT 1');
      const done = Promise.withResolvers<void>();
      const long = server.script({ on: 'SELECT long', does: [{ wait: done.promise }, 'answer'] });
      const first = outcomeOfCall(target.query('SELECT long'));
      await expect.poll(() => long.met).toBe(1);
      const calls = Array.from({ length: 5_000 }, () =>
        outcomeOfCall(target.query({ text: 'SELECT 2', deadlineMs: 200 } as { text: string })),
      );
      expect(new Set(await Promise.all(calls))).toEqual(new Set(['notSent']));
      expect(target.waitingCount).toBe(0);
      done.resolve();
      expect(await first).toBe('ok');
      expect(await outcomeOfCall(target.query('SELECT 3'))).toBe('ok');
    },
  );
});

describe('a second end()', () => {
  it('is refused, and what the first one waits for is watched over all the same', async () => {
    const [first, second] = [await member(), await member({ standby: true })];
    const one = pool([first, second], QUICK);
    await one.query('SELECT 1');
    const stuck = first.script({ on: /SELECT 2/, does: ['hang'] });
    const call = outcomeOfCall(one.query('SELECT 2'));
    await expect.poll(() => stuck.met).toBe(1);
    const ended = one.end();
    await expect(one.end()).rejects.toThrow('end on pool more than once');
    first.script({ on: 'startup', does: ['hang'] });
    first.script({ on: /pg_is_in_recovery/, does: ['hang'] });
    [second.says.standby, second.says.timeline] = [false, 2];
    expect(await call).toBe('unknown');
    await ended;
  });
});

describe('an error of another client in a transaction', () => {
  it.each(['40001', '40P01', '57P01', '25006'])(
    'is passed on as it is, and nothing is run again (%s)',
    async (code) => {
      const server = await member();
      const one = pool([server], QUICK);
      const foreign = Object.assign(new Error('of another cluster'), { code, severity: 'ERROR' });
      let runs = 0;
      const call = one.transaction(async (client) => {
        runs += 1;
        await client.query('SELECT 1');
        throw foreign;
      });
      await expect(call).rejects.toBe(foreign);
      expect([runs, one.totalCount, 'outcome' in foreign]).toEqual([1, 1, false]);
    },
  );
});

describe('what pg itself refuses', () => {
  it.each([
    ['values that are no list', { text: 'SELECT 1', values: 'x', idempotent: true }],
    ['a name that is no text', { name: 42, text: 'SELECT 42', idempotent: true }],
  ])('is tried once, and leaves no connection that hangs: %s', async (_, config) => {
    const server = await member();
    const one = pool([server], QUICK);
    await one.query('SELECT 1');
    const before = server.taken;
    expect(await outcomeOfCall(one.query(config as unknown as string))).toBe('rejected');
    expect(await outcomeOfCall(one.reader.query(config as unknown as string))).toBe('rejected');
    expect(await outcomeOfCall(one.query('SELECT 2'))).toBe('ok');
    // One for the reader, and one in the place of each that was given up.
    expect(server.taken - before).toBeLessThanOrEqual(4);
  });

  it('is of a statement with a proof as well', async () => {
    const server = await member();
    const one = pool([server], QUICK);
    const config = { text: 'SELECT 1', values: 'x', commitProof: true };
    expect(await outcomeOfCall(one.query(config as unknown as string))).toBe('rejected');
  });
});

describe('what a type parser throws', () => {
  it.each([
    ['a text', 'no such thing', 'no such thing'],
    ['a number', 42, '42'],
    ['a frozen error', Object.freeze(new Error('frozen')), 'frozen'],
    ['a symbol', Symbol('strange'), 'strange'],
  ])(
    'reaches the caller as an error with its outcome, and the pool serves on: %s',
    async (_, thrown, text) => {
      const one = pool([await member()], QUICK);
      const types = {
        getTypeParser: () => (): never => {
          throw thrown as Error;
        },
      };
      const error: unknown = await one.query({ text: 'SELECT 1', types }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      expect([String(error), outcomeOf(error)]).toEqual([expect.stringContaining(text), 'unknown']);
      expect(await outcomeOfCall(one.query('SELECT 2'))).toBe('ok');
    },
  );
});

describe('the stack of an error', () => {
  async function askInTheApp(one: HaPool): Promise<unknown> {
    return await one.query('SELECT wrong');
  }
  async function connectInTheApp(one: HaPool): Promise<unknown> {
    return await one.connect();
  }
  const stackOf = (call: Promise<unknown>): Promise<unknown> =>
    call.catch((error: unknown) => (error as Error).stack);

  it.each(['primary', 'reader'] as const)('of a statement leads to who asked, on the %s', async (which) => {
    const server = await member();
    const one = pool([server], QUICK);
    const target = which === 'primary' ? one : one.reader;
    await target.query('SELECT 1');
    const wrong = pgMessages.errorResponse({ sqlstate: '42601', message: 'wrong' });
    server.script({ on: 'SELECT wrong', does: [{ answerAs: () => Buffer.concat([wrong, ready]) }] });
    expect(await stackOf(askInTheApp(target))).toContain('askInTheApp');
  });

  it('of connect() does too', async () => {
    const server = await member();
    const one = pool([server], { ...QUICK, failoverWaitMs: 100 });
    server.script({ on: 'startup', does: ['reset'] });
    expect(await stackOf(connectInTheApp(one))).toContain('connectInTheApp');
  });
});

describe('a statement that is given up by query_timeout', () => {
  it('is not delivered when the way opens again: its link is reset', async () => {
    const server = await member();
    const resets: string[] = [];
    const proxy = createServer((socket) => {
      const upstream = connect(server.port, server.host);
      socket.pipe(upstream).pipe(socket);
      socket.on('error', (error: NodeJS.ErrnoException) => resets.push(error.code ?? ''));
      upstream.on('error', () => undefined);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const one = pool([server], { ...QUICK, hosts: [{ host: '127.0.0.1', port }] });
    await one.query('SELECT 1');
    server.script({ on: /INSERT/, does: ['hang'] });
    const insert = { text: "INSERT INTO t VALUES ('1')", query_timeout: 100 };
    expect(await outcomeOfCall(one.query(insert as { text: string }))).toBe('unknown');
    await expect.poll(() => resets).toContain('ECONNRESET');
    await one.end();
    proxy.close();
    await sleep(0);
  });
});

describe('a statement whose text a class computes', () => {
  it.each([
    ['once it has a name', { prepare: 'auto' as const }, undefined],
    ['with a proof', {}, true],
  ])('is run as what it is, %s', async (_when, options, commitProof) => {
    class Insert {
      readonly values = ['1'];
      readonly commitProof = commitProof;
      get text(): string {
        return 'INSERT INTO t VALUES ($1)';
      }
    }
    const one = pool([await member()], { ...QUICK, ...options });
    for (let n = 0; n < 8; n++) await one.query(new Insert() as { text: string });
    expect(tables.count('t', '1')).toBe(8);
  });
});

describe('a statement given by its name alone', () => {
  it.each([{}, { prepare: 'auto' as const }, { pipelineDepth: 4 }])('is run: %j', async (options) => {
    const one = pool([await member()], { ...QUICK, ...options, max: 1 });
    await one.query({ name: 'one', text: 'SELECT 1' });
    expect(await outcomeOfCall(one.query({ name: 'one' } as unknown as string))).toBe('ok');
  });
});

describe('a statement given to a link that has ended', () => {
  interface Link {
    connection: { stream: Socket };
  }
  const streamOf = (client: unknown): Socket => (client as Link).connection.stream;
  type Hear = (error: Error | undefined | null) => void;
  const insert = "INSERT INTO t VALUES ('1')";

  it('was not sent, also where pg has not heard of the end yet', async () => {
    const one = pool([await member()], QUICK);
    const held = await one.connect();
    streamOf(held).end(); // as its socket does by itself when the server has closed
    expect(await outcomeOfCall(held.query(insert))).toBe('notSent');
    expect(await outcomeOfCall(held.query('COMMIT'))).toBe('notSent');
    held.release();
    expect(await outcomeOfCall(one.query(insert))).toBe('ok');
    expect(tables.count('t', '1')).toBe(1);
  });

  it.each([
    ['a text with a callback', (client: PoolClient, hear: Hear) => client.query('SELECT 1', hear)],
    ['a query', (client: PoolClient, hear: Hear) => client.query(new pg.Query('SELECT 1', undefined, hear))],
    [
      'a query that tells by events',
      (client: PoolClient, hear: Hear) => client.query(new pg.Query('SELECT 1')).on('error', hear),
    ],
  ])('says so also to %s', async (_what, ask) => {
    const one = pool([await member()], QUICK);
    const held = await one.connect();
    streamOf(held).end();
    const error = await new Promise((resolve) => ask(held, resolve));
    expect(error).toMatchObject({ code: 'HA_CONNECTION_LOST', outcome: 'notSent' });
    held.release();
  });

  it('goes to another connection where the pool was asked', async () => {
    const one = pool([await member()], { ...QUICK, max: 1 });
    const held = await one.connect();
    held.release();
    streamOf(held).end();
    expect(await outcomeOfCall(one.query(insert))).toBe('ok');
  });
});
