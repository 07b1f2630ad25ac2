import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { HaPool } from '@steadfast/pg-ha';
import { withPostgres } from '../support/with-postgres.ts';
import { clients } from './drop-in/clients.ts';
import { ends, limits } from './drop-in/limits.ts';
import { queries } from './drop-in/queries.ts';
import type { Script } from './drop-in/script.ts';

const lone = withPostgres();

/** What a script comes to, on a pool of its own; errors as far as callers look at them. */
async function resultOf(pool: pg.Pool, script: Script): Promise<unknown> {
  try {
    return await script(pool);
  } finally {
    if (!pool.ending) await pool.end();
  }
}

const stock = (options: pg.PoolConfig): pg.Pool => new pg.Pool({ ...lone.config, ...options });
const ours = (options: pg.PoolConfig): HaPool => new HaPool({ ...lone.config, ...options, env: {} });

const groups = {
  'pool.query with': queries,
  'pool.connect:': clients,
  'the option': limits,
  'the end,': ends,
};

describe('HaPool does what pg.Pool does:', () => {
  for (const [group, cases] of Object.entries(groups)) {
    for (const { name, options = {}, script } of cases) {
      it(`${group} ${name}`, async () => {
        const expected = await resultOf(stock(options), script);
        expect(await resultOf(ours(options), script)).toEqual(expected);
      });
    }
  }

  it('the option allowExitOnIdle: a process with nothing but idle connections ends', async () => {
    const run = async (code: string): Promise<string> => {
      const script = `${code}; await pool.query('SELECT 1'); console.log('done');`; // and no end()
      const args = ['--input-type=module', '-e', script];
      return (await promisify(execFile)(process.execPath, args, { timeout: 20_000, env: {} })).stdout;
    };
    const options = JSON.stringify({ ...lone.config, allowExitOnIdle: true, refreshMs: 3_600_000 });
    const [expected, got] = await Promise.all([
      run(`import pg from '${import.meta.resolve('pg')}'; const pool = new pg.Pool(${options})`),
      run(
        `import { HaPool } from '${import.meta.resolve('@steadfast/pg-ha')}'; const pool = new HaPool(${options})`,
      ),
    ]);
    expect(got).toBe(expected);
  });
});

describe('HaPool differs from pg.Pool on purpose:', () => {
  const nowhere = { host: '127.0.0.1', port: 9 };

  /** The same script on both, and what each comes to. */
  async function both(options: pg.PoolConfig, script: Script): Promise<[stock: unknown, ours: unknown]> {
    return [await resultOf(stock(options), script), await resultOf(ours(options), script)];
  }

  it('errors say what happened to the work', async () => {
    const outcome: Script = (pool) =>
      pool.query('SELECT 1/0').catch((error: { outcome?: unknown }) => error.outcome);
    expect(await both({}, outcome)).toEqual([undefined, 'rejected']);
  });

  it('where no server answers, a call waits instead of failing at once', async () => {
    const code: Script = (pool) => pool.query('SELECT 1').catch((error: { code?: unknown }) => error.code);
    const options = { ...nowhere, failoverWaitMs: 300 };
    expect(await both(options, code)).toEqual(['ECONNREFUSED', 'HA_NO_PRIMARY']);
  });

  it('a query on a pool that has been ended has a code', async () => {
    const code: Script = async (pool) => {
      await pool.end();
      return pool.query('SELECT 1').catch((error: { code?: unknown }) => error.code);
    };
    expect(await both({}, code)).toEqual([undefined, 'HA_CLOSED']);
  });

  it('who is queued when the pool ends is told', async () => {
    const script: Script = async (pool) => {
      const held = await pool.connect();
      const queued = pool.connect().then(
        () => 'connected',
        (error: { code?: unknown }) => error.code,
      );
      const ended = pool.end();
      held.release();
      await ended;
      return Promise.race([queued, sleep(100, 'forgotten')]);
    };
    expect(await both({ max: 1 }, script)).toEqual(['forgotten', 'HA_CLOSED']);
  });

  it('keepAlive is on unless it is switched off', async () => {
    const script: Script = (pool) => Promise.resolve((pool.options as pg.PoolConfig).keepAlive);
    expect(await both({}, script)).toEqual([undefined, true]);
    expect(await both({ keepAlive: false }, script)).toEqual([false, false]);
  });

  it('a connection that verify refuses is replaced', async () => {
    const script: Script = (pool) => pool.query('SELECT 1 AS x').then(({ rows }) => rows, String);
    const refusing = (): pg.PoolConfig => {
      let calls = 0;
      return { verify: (_client, done) => done((calls += 1) === 1 ? new Error('no') : undefined) };
    };
    expect(await resultOf(stock(refusing()), script)).toBe('Error: no');
    expect(await resultOf(ours(refusing()), script)).toEqual([{ x: 1 }]);
  });
});
