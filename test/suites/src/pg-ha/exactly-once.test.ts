import pg, { type PoolClient } from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ProxyServer } from '@steadfast/lab/lone';
import { createProofTable, HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { withPostgres } from '../support/with-postgres.ts';

const lone = withPostgres();

async function withPool(options: HaPoolOptions, run: (pool: HaPool) => Promise<void>): Promise<void> {
  const pool = new HaPool({ ...lone.config, env: {}, ...options });
  try {
    await run(pool);
  } finally {
    await pool.end();
  }
}

/** A pool whose link can be cut. */
async function throughLink(run: (pool: HaPool, link: ProxyServer) => Promise<void>): Promise<void> {
  const { link, config } = await lone.link();
  await withPool(config, (pool) => run(pool, link));
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ succeeded: value }),
    (error: unknown) => error,
  );

/** Runs statements past everything that is being tested. */
async function asAdmin<R extends pg.QueryResultRow>(...texts: string[]): Promise<R[]> {
  const client = new pg.Client({ ...lone.config, options: '-c synchronous_commit=local' });
  await client.connect();
  let rows: R[] = [];
  for (const text of texts) rows = (await client.query<R>(text)).rows;
  await client.end();
  return rows;
}

const times = async (table: string, id: string): Promise<number> =>
  (await asAdmin<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE id = '${id}'`))[0]?.n ?? -1;

beforeAll(() => withPool({}, createProofTable));

describe('a single statement with a proof', () => {
  it('gives what it gives without one, in two round trips', async () => {
    await withPool({ max: 1 }, async (pool) => {
      await pool.query('CREATE TABLE same (id int, at timestamptz DEFAULT now())');
      let answers = 0;
      pool.on('acquire', (client) => {
        const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
        connection.removeAllListeners('message').on('message', ({ name }: { name: string }) => {
          answers += name === 'readyForQuery' ? 1 : 0;
        });
      });
      const statements: pg.QueryConfig[] = [
        { text: 'INSERT INTO same VALUES ($1), ($2) RETURNING id', values: [1, 2] },
        { text: 'UPDATE same SET id = id + 1 WHERE id > $1', values: [1] },
        { text: 'SELECT id FROM same WHERE id > 1' },
        { text: 'INSERT INTO same VALUES (9)', name: 'a named one' },
        { text: 'DELETE FROM same WHERE id = 17 RETURNING *' },
      ];
      // The table of proofs is looked up once a pool.
      await pool.query({ text: 'SELECT 1', commitProof: true } as pg.QueryConfig);
      for (const statement of statements) {
        const plain = await pool.transaction(async (client) => {
          const result = await client.query(statement);
          await client.query('ROLLBACK; BEGIN'); // looked at, and not applied
          return result;
        });
        answers = 0;
        const proven = await pool.query({ ...statement, commitProof: true });
        expect(answers).toBe(2);
        for (const field of ['rows', 'rowCount', 'command', 'oid'] as const)
          expect(proven[field]).toEqual(plain[field]);
        expect(proven.fields.map(({ name }) => name)).toEqual(plain.fields.map(({ name }) => name));
      }
      const array = { text: 'SELECT 1, 2', rowMode: 'array', commitProof: true } as const;
      expect((await pool.query(array)).rows).toEqual([[1, 2]]);
    });
  });

  it('is applied once when the answer to COMMIT is lost, ten times of ten, and its rows are there', async () => {
    await throughLink(async (pool, link) => {
      await pool.query('CREATE TABLE cut_after (id text)');
      for (let n = 0; n < 10; n++) {
        await link.cutAfter('COMMIT');
        const text = 'INSERT INTO cut_after VALUES ($1) RETURNING id';
        const { rows } = await pool.query({ text, values: [`w${n}`], commitProof: true });
        expect(rows).toEqual([{ id: `w${n}` }]);
        expect(await times('cut_after', `w${n}`)).toBe(1);
      }
    });
  });

  it('is run again when COMMIT never arrived, or the statement’s own answer is lost', async () => {
    await throughLink(async (pool, link) => {
      await pool.query('CREATE TABLE cut_before (id text)');
      const insert = (id: string): Promise<unknown> =>
        pool.query({ text: 'INSERT INTO cut_before VALUES ($1)', values: [id], commitProof: true });
      await link.cutAfter('COMMIT', { forward: false });
      await insert('a');
      await link.cutAfter('INSERT INTO cut_before');
      await insert('b');
      expect([await times('cut_before', 'a'), await times('cut_before', 'b')]).toEqual([1, 1]);
    });
  });

  it('that fails is one error, and nothing of it is left', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE keyed (id int PRIMARY KEY)');
      const insert = { text: 'INSERT INTO keyed VALUES (1)', commitProof: true };
      await pool.query(insert);
      expect(await failure(pool.query(insert))).toMatchObject({ code: '23505', outcome: 'rejected' });
      const circular: Record<string, unknown> = {};
      circular['self'] = circular;
      const unbound = { text: 'SELECT $1::json', values: [circular], commitProof: true };
      expect(await failure(pool.query(unbound))).toMatchObject({ message: /circular/ });
      expect((await pool.query('SELECT * FROM keyed')).rowCount).toBe(1);
    });
  });

  it('is refused where it would end the transaction that carries the proof', async () => {
    await withPool({}, async (pool) => {
      const work = pool.query({ text: 'INSERT INTO keyed VALUES (2); COMMIT', commitProof: true });
      expect(await failure(work)).toMatchObject({ code: 'HA_CONFIG' });
    });
  });
});

describe('an old backend that still lives when its token is claimed', () => {
  // A deferred trigger keeps the backend busy between COMMIT and its end.
  const slowCommit = (table: string, thenFail: boolean): string => `
    CREATE TABLE ${table} (id text);
    CREATE FUNCTION ${table}_slow() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_sleep(0.4); ${thenFail ? `IF (SELECT count(*) FROM ${table}_once) = 0 THEN RAISE 'too bad'; END IF;` : ''} RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON ${table} DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION ${table}_slow()`;

  it('and commits: the claim waits for it, and the work is not run again', async () => {
    await throughLink(async (pool, link) => {
      await pool.query(slowCommit('slow_commit', false));
      await link.cutAfter('COMMIT', { dropAnswer: false });
      let runs = 0;
      const work = async (client: PoolClient): Promise<unknown> => {
        runs += 1;
        return client.query("INSERT INTO slow_commit VALUES ('a')");
      };
      await pool.transaction(work, { commitProof: true });
      expect(runs).toBe(1);
      expect(await times('slow_commit', 'a')).toBe(1);
    });
  });

  it('and fails: the claim gets in, and the work is run again', async () => {
    await throughLink(async (pool, link) => {
      await pool.query('CREATE TABLE slow_failure_once (id text)');
      await pool.query(slowCommit('slow_failure', true));
      await link.cutAfter('COMMIT', { dropAnswer: false });
      let runs = 0;
      const work = async (client: PoolClient): Promise<unknown> => {
        runs += 1;
        // The second run is let through.
        if (runs === 2) await pool.query("INSERT INTO slow_failure_once VALUES ('x')");
        return client.query("INSERT INTO slow_failure VALUES ('a')");
      };
      await pool.transaction(work, { commitProof: true });
      expect(runs).toBe(2);
      expect(await times('slow_failure', 'a')).toBe(1);
    });
  });
});

describe('a savepoint', () => {
  it('lets a transaction go on after an error that was caught', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE saved (id int PRIMARY KEY)');
      await pool.transaction(
        async (client) => {
          await client.query('INSERT INTO saved VALUES (1); SAVEPOINT before');
          await client.query('INSERT INTO saved VALUES (1)').catch(() => client.query('ROLLBACK TO before'));
          await client.query('INSERT INTO saved VALUES (2)');
        },
        { commitProof: true },
      );
      expect((await pool.query('SELECT id FROM saved ORDER BY id')).rows).toEqual([{ id: 1 }, { id: 2 }]);
    });
  });

  it('does not keep a serialization failure from replaying the whole', async () => {
    await withPool({}, async (pool) => {
      await pool.query('CREATE TABLE counters (n int); INSERT INTO counters VALUES (0)');
      let runs = 0;
      await pool.transaction(
        async (client) => {
          runs += 1;
          await client.query('SELECT * FROM counters');
          if (runs === 1) await pool.query('UPDATE counters SET n = n + 10');
          await client.query('SAVEPOINT nested');
          try {
            await client.query('UPDATE counters SET n = n + 1');
          } catch (error) {
            await client.query('ROLLBACK TO nested');
            throw new Error('as a library wraps it', { cause: error });
          }
        },
        { isolation: 'repeatable read', commitProof: true },
      );
      expect(runs).toBe(2);
      expect((await pool.query('SELECT n FROM counters')).rows).toEqual([{ n: 11 }]);
    });
  });

  it('that was forgotten is told: COMMIT of a failed transaction is no success, with a proof or without', async () => {
    await withPool({}, async (pool) => {
      let runs = 0;
      for (const commitProof of [false, true]) {
        const work = pool.transaction(
          async (client) => {
            runs += 1;
            await client.query('SELECT 1/0').catch(() => undefined);
          },
          { commitProof },
        );
        expect(await failure(work)).toMatchObject({ code: 'HA_ROLLED_BACK', outcome: 'rejected' });
      }
      expect(runs).toBe(2);
    });
  });
});

describe('a commit that stops waiting for its synchronous standby', () => {
  const standbys = (names: string): Promise<unknown> =>
    asAdmin(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`, 'SELECT pg_reload_conf()');
  /** The backends that wait for a standby. */
  const stopWaiting = (how: 'cancel' | 'terminate'): Promise<number> =>
    asAdmin(`SELECT pg_${how}_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'`).then(
      (rows) => rows.length,
    );
  afterEach(() => standbys(''));

  /** A table, and a server that waits for a standby which is not there. */
  async function waiting(pool: HaPool, table: string): Promise<void> {
    await pool.query(`CREATE TABLE ${table} (id text)`);
    await standbys('nobody');
    await expect
      .poll(() =>
        asAdmin("SELECT 1 FROM pg_settings WHERE name = 'synchronous_standby_names' AND setting = 'nobody'"),
      )
      .toHaveLength(1);
  }

  it('is in doubt though the server calls it a success', async () => {
    await withPool({}, async (pool) => {
      await waiting(pool, 'doubted');
      const statement = failure(pool.query("INSERT INTO doubted VALUES ('a')"));
      await expect.poll(() => stopWaiting('cancel')).toBe(1);
      expect(await statement).toMatchObject({ code: 'HA_NOT_DURABLE', outcome: 'unknown' });
      const transaction = failure(
        pool.transaction((client) => client.query("INSERT INTO doubted VALUES ('b')")),
      );
      await expect.poll(() => stopWaiting('cancel')).toBe(1);
      expect(await transaction).toMatchObject({ code: 'HA_NOT_DURABLE', outcome: 'unknown' });
    });
  });

  it('is in doubt when the server goes away meanwhile (57P01 as a warning)', async () => {
    await withPool({}, async (pool) => {
      await waiting(pool, 'parted');
      const statement = failure(pool.query("INSERT INTO parted VALUES ('a')"));
      await expect.poll(() => stopWaiting('terminate')).toBe(1);
      expect(await statement).toMatchObject({ outcome: 'unknown' });
    });
  });

  it('is in doubt also at the caller’s deadline, and then it is told so', async () => {
    await withPool({}, async (pool) => {
      await waiting(pool, 'late');
      const statement = pool.query({ text: "INSERT INTO late VALUES ('a')", deadlineMs: 200 });
      expect(await failure(statement)).toMatchObject({ code: 'HA_DEADLINE', outcome: 'unknown' });
    });
  });

  it('is resolved with a proof, once standbys confirm again', async () => {
    await withPool({}, async (pool) => {
      await waiting(pool, 'resolved');
      const insert = { text: "INSERT INTO resolved VALUES ('a')", commitProof: true };
      const statement = pool.query(insert);
      await expect.poll(() => stopWaiting('cancel')).toBe(1);
      // The claim waits too: what it saw must not be lost either.
      await expect
        .poll(() => asAdmin("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
        .toHaveLength(1);
      await standbys('');
      expect((await statement).rowCount).toBe(1);
      expect(await times('resolved', 'a')).toBe(1);
    });
  });
});
