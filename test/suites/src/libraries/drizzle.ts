import { createProofTable, type HaPool } from '@steadfast/pg-ha';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { expectHonest, expectNoError, GRACE_MS, type Library } from './library.ts';

/** Statements and transactions of Drizzle, and Drizzle inside our own transactions with a commit proof. */
export const withDrizzle: Library<HaPool> = {
  name: 'Drizzle',
  async begin(connect, run) {
    const pool = connect();
    const db = drizzle({ client: pool });
    const items = pgTable(`drizzle_${run}`, { id: text().notNull() });
    await db.execute(sql`CREATE TABLE ${items} (id text NOT NULL)`);
    await createProofTable(pool);

    const plain = startWriters((id) => db.insert(items).values({ id: `plain-${id}` }), 40);
    const pairs = startWriters(
      (id) =>
        db.transaction(async (tx) => {
          await tx.insert(items).values({ id: `pair-${id}` });
          await tx.insert(items).values({ id: `second-${id}` });
        }),
      40,
    );
    const proven = startWriters(
      (id) =>
        pool.transaction(
          async (client) => {
            await drizzle({ client })
              .insert(items)
              .values({ id: `proven-${id}` });
          },
          { commitProof: true },
        ),
      40,
    );
    const all = [plain, pairs, proven];
    return {
      worksAfter: (since) => Promise.all(all.map((one) => one.acknowledgedAfter(since, GRACE_MS))),
      async expectRight(mayFail) {
        await Promise.all(all.map((one) => one.stop(GRACE_MS)));
        const ids = (await db.select().from(items)).map(({ id }) => id);
        const of = (kind: string): string[] =>
          ids.filter((id) => id.startsWith(`${kind}-`)).map((id) => id.slice(kind.length + 1));
        expectHonest(plain.writes, of('plain'), mayFail);
        expectHonest(pairs.writes, of('pair'), mayFail);
        expect(of('second').toSorted()).toEqual(of('pair').toSorted());
        expectHonest(proven.writes, of('proven'), 0);
        expectNoError(proven);
        expect(pool.totalCount - pool.idleCount, 'connections that were never given back').toBe(0);
        await pool.end();
      },
    };
  },
};
