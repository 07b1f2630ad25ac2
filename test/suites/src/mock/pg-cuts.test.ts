import type { ScriptedPostgres, When } from '@steadfast/mock';
import type { HaPool } from '@steadfast/pg-ha';
import { describe, expect, it } from 'vitest';
import { outcomeOfCall, TRUE_COUNTS, withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool: poolOf, tables } = withScriptedPostgres();

interface Work {
  title: string;
  /** whose answer is cut */
  on: When;
  run: (pool: HaPool, id: string) => Promise<unknown>;
  /** what it may come to, whatever happens to one answer */
  comesTo: readonly string[];
}

const insert = (id: string): string => `INSERT INTO t VALUES ('${id}')`;

const works: Work[] = [
  {
    title: 'a statement',
    on: /INSERT INTO t /,
    run: (pool, id) => pool.query(insert(id)),
    comesTo: ['ok', 'unknown'],
  },
  {
    title: 'a statement with values',
    on: /INSERT INTO t /,
    run: (pool, id) => pool.query('INSERT INTO t VALUES ($1)', [id]),
    comesTo: ['ok', 'unknown'],
  },
  {
    title: 'a statement in a transaction',
    on: /INSERT INTO t /,
    run: (pool, id) => pool.transaction((client) => client.query(insert(id))),
    // An end that comes after the whole answer may meet COMMIT.
    comesTo: ['ok', 'unknown'],
  },
  {
    title: 'BEGIN',
    on: 'BEGIN',
    run: (pool, id) => pool.transaction((client) => client.query(insert(id))),
    comesTo: ['ok'],
  },
  {
    title: 'COMMIT',
    on: 'COMMIT',
    run: (pool, id) => pool.transaction((client) => client.query(insert(id))),
    comesTo: ['ok', 'unknown'],
  },
  {
    title: 'COMMIT with a proof',
    on: /COMMIT$/,
    run: (pool, id) => pool.transaction((client) => client.query(insert(id)), { commitProof: true }),
    comesTo: ['ok'],
  },
  {
    title: 'the claim that resolves a lost COMMIT',
    on: /'claim'/,
    run: async (pool, id) => {
      server.script({ on: /COMMIT$/, does: [{ answerUpTo: 0 }, 'reset'], times: 1 });
      await pool.transaction((client) => client.query(insert(id)), { commitProof: true });
    },
    comesTo: ['ok'],
  },
  {
    title: 'a statement with a proof',
    on: /BEGIN; INSERT INTO t /,
    run: (pool, id) => pool.query({ text: 'INSERT INTO t VALUES ($1)', values: [id], commitProof: true }),
    comesTo: ['ok'],
  },
];
let server: ScriptedPostgres;

async function expectToServe(pool: HaPool): Promise<void> {
  expect((await pool.query({ text: 'SELECT 1', idempotent: true })).rows).toEqual([{ x: '1' }]);
}

describe('an answer of PostgreSQL that is cut', () => {
  for (const { title, on, run, comesTo } of works) {
    it.each(['close', 'reset'] as const)(`at any byte, to ${title}: by a %s`, async (how) => {
      server = await member();
      const pool = poolOf([server], { max: 2 });
      await pool.query('SELECT 1');
      // Before the first byte: once without the work having been done.
      for (let at = -1, whole = false; !whole; at++) {
        const id = `${how} ${at}`;
        const cut = server.script({ on, does: [...(at < 0 ? [] : [{ answerUpTo: at }]), how], times: 1 });
        const outcome = await outcomeOfCall(run(pool, id));
        expect({ at, outcome }).toEqual({ at, outcome: expect.toSatisfy((one) => comesTo.includes(one)) });
        expect({ at, outcome, n: tables.count('t', id) }).toEqual({
          at,
          outcome,
          n: expect.toSatisfy((n: number) => TRUE_COUNTS[outcome]?.includes(n) === true),
        });
        expect(cut.met).toBe(1);
        await expectToServe(pool);
        whole = at >= 0 && at > (cut.answerBytes ?? 0);
      }
    });
  }

  it.each(['close', 'reset', 'hang'] as const)('at any byte of a login, by a %s', async (how) => {
    server = await member();
    const step = how === 'hang' ? 31 : 1;
    for (let at = 0, whole = false; !whole; at += step) {
      const pool = poolOf([server], { dialTimeoutMs: 250, probeTimeoutMs: 250 });
      const cut = server.script({ on: 'startup', does: [{ answerUpTo: at }, how], times: 2 });
      await expectToServe(pool);
      expect(cut.met).toBe(2);
      await pool.end();
      whole = at > (cut.answerBytes ?? 0);
    }
  });

  it('at any byte of what it says about its role', async () => {
    server = await member();
    for (let at = 0, whole = false; !whole; at++) {
      const pool = poolOf([server]);
      const cut = server.script({ on: /pg_is_in_recovery/, does: [{ answerUpTo: at }, 'reset'], times: 2 });
      await expectToServe(pool);
      await pool.end();
      whole = at > (cut.answerBytes ?? 0);
    }
  });
});
