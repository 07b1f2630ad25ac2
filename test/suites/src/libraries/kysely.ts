import type { HaPool } from '@steadfast/pg-ha';
import { Kysely, PostgresDialect, sql } from 'kysely';
import Cursor from 'pg-cursor';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { expectHonest, GRACE_MS, type Library } from './library.ts';

type Tables = Record<string, { id: string }>;

/** Statements, transactions, streams through a cursor, and queries that are cancelled on the server. */
export const withKysely: Library<HaPool> = {
  name: 'Kysely',
  async begin(connect, run) {
    const pool = connect();
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) });
    const table = `kysely_${run}`;
    await db.schema.createTable(table).addColumn('id', 'text').execute();

    const plain = startWriters(
      (id) =>
        db
          .insertInto(table)
          .values({ id: `plain-${id}` })
          .execute(),
      40,
    );
    const pairs = startWriters(
      (id) =>
        db.transaction().execute(async (trx) => {
          await trx
            .insertInto(table)
            .values({ id: `pair-${id}` })
            .execute();
          await trx
            .insertInto(table)
            .values({ id: `second-${id}` })
            .execute();
        }),
      40,
    );
    const all = [plain, pairs];
    return {
      worksAfter: (since) => Promise.all(all.map((one) => one.acknowledgedAfter(since, GRACE_MS))),
      async expectRight(mayFail) {
        await Promise.all(all.map((one) => one.stop(GRACE_MS)));
        const ids: string[] = [];
        for await (const { id } of db.selectFrom(table).select('id').stream(100)) ids.push(id);
        const of = (kind: string): string[] =>
          ids.filter((id) => id.startsWith(`${kind}-`)).map((id) => id.slice(kind.length + 1));
        expectHonest(plain.writes, of('plain'), mayFail);
        expectHonest(pairs.writes, of('pair'), mayFail);
        expect(of('second').toSorted()).toEqual(of('pair').toSorted());
        await expectCancelled(db);
        await db.destroy(); // ends the pool
        expect(pool.ended).toBe(true);
      },
    };
  },
};

/** Kysely cancels over a second connection, made from `pool.Client` and `pool.options`: it must lead to the new primary. */
async function expectCancelled(db: Kysely<Tables>): Promise<void> {
  const abort = new AbortController();
  const query = sql`select pg_sleep(60) /* to be cancelled */`.execute(db, {
    signal: abort.signal,
    inflightQueryAbortStrategy: 'cancel query',
  });
  const running = sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity where query like ${'select pg_sleep(60)%'}`;
  const count = async (): Promise<number | undefined> => (await running.execute(db)).rows[0]?.n;
  const failed = expect(query).rejects.toThrow(/abort/i);
  await expect.poll(count, { timeout: 5_000 }).toBe(1);
  abort.abort();
  await failed;
  // Its connection shows the text until another statement runs on it, so what counts is that none is active.
  const active = sql<{ n: number }>`
    select count(*)::int as n from pg_stat_activity
    where query like ${'select pg_sleep(60)%'} and state = 'active'`;
  await expect.poll(async () => (await active.execute(db)).rows[0]?.n, { timeout: 5_000 }).toBe(0);
}
