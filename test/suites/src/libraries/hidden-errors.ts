import type { Lab, LinkProxy } from '@steadfast/lab';
import { HaPool, outcomeOf } from '@steadfast/pg-ha';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely, PostgresDialect } from 'kysely';
import { expect, it } from 'vitest';

/**
 * Libraries wrap errors, hide one behind another, and forget connections: what the caller gets must stay true all the same.
 */
export function hiddenErrorsStayTrue(held: { readonly lab: Lab }): void {
  it('Drizzle and Kysely throw what became of their ROLLBACK: after a COMMIT in doubt that is in doubt', async () => {
    await throughProxy(held.lab, async (pool, link) => {
      await pool.query('CREATE TABLE hidden (id text)');
      const db = drizzle({ client: pool });
      const kysely = new Kysely<{ hidden: { id: string } }>({ dialect: new PostgresDialect({ pool }) });
      const works = {
        drizzle: () => db.transaction((tx) => tx.execute(sql`INSERT INTO hidden VALUES ('drizzle')`)),
        kysely: () =>
          kysely.transaction().execute((trx) => trx.insertInto('hidden').values({ id: 'kysely' }).execute()),
      };
      for (const work of Object.values(works)) {
        await link.cutAfter('commit', { dropAnswer: true, count: 1 });
        const error: unknown = await work().then(
          () => 'no error',
          (thrown: unknown) => thrown,
        );
        expect(outcomeOf(error), String(error)).toBe('unknown');
      }
      const { rows } = await pool.query('SELECT id FROM hidden ORDER BY id');
      expect(rows).toEqual([{ id: 'drizzle' }, { id: 'kysely' }]);
    });
  });

  it('what Drizzle never gives back after a BEGIN that failed takes no place in the pool', async () => {
    await throughProxy(held.lab, async (pool, link) => {
      const db = drizzle({ client: pool });
      for (let n = 0; n <= pool.options.max; n++) {
        await link.cutAfter('begin', { dropAnswer: true, count: 1 });
        await expect(db.transaction(() => Promise.resolve())).rejects.toThrow(/begin/);
      }
      expect((await pool.query('SELECT 1 AS x')).rows).toEqual([{ x: 1 }]);
      expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
    });
  });

  it('a serialization failure that Drizzle has wrapped has our transaction replayed', async () => {
    await throughProxy(held.lab, async (pool) => {
      await pool.query(`CREATE FUNCTION fail_serialization() RETURNS void LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
      let runs = 0;
      await pool.transaction(async (client) => {
        runs += 1;
        if (runs === 1) await drizzle({ client }).execute(sql`SELECT fail_serialization()`);
      });
      expect(runs).toBe(2);
    });
  });
}

/** A small pool whose link to the primary goes through a proxy that can cut it. */
async function throughProxy(lab: Lab, run: (pool: HaPool, link: LinkProxy) => Promise<void>): Promise<void> {
  const { primary } = (await lab.status()).postgres ?? {};
  const target = lab.description.postgres?.members.find(({ name }) => name === primary);
  if (!target) throw new Error('the lab has no primary');
  const link = await lab.proxy({ host: target.host, port: target.port });
  const env = lab.env({ postgres: 'single' });
  const pool = new HaPool({ strategy: 'single', max: 2, ...link.endpoint, env });
  try {
    await run(pool, link);
  } finally {
    await pool.end();
    await link.close();
  }
}
