import { HaPool } from '@steadfast/pg-ha';
import { withOutcome } from '@steadfast/shared';
import { expect } from 'vitest';
import 'reflect-metadata';
import { DataSource, EntitySchema, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { startWriters } from '../support/writers.ts';
import { expectHonest, GRACE_MS, type Library } from './library.ts';

interface Item {
  key: number;
  id: string;
}

/**
 * TypeORM's own word for a transaction whose connection ended between two statements: nothing of it was applied, since COMMIT
 * was not sent.
 */
function sayRejected(error: Error): never {
  throw error instanceof QueryRunnerAlreadyReleasedError ? withOutcome(error, 'rejected') : error;
}

/** TypeORM makes its pool itself: `driver` says of which class, `extra` holds our options. */
export const withTypeOrm: Library<Record<string, string>> = {
  name: 'TypeORM',
  async begin(environment, run) {
    const Items = new EntitySchema<Item>({
      name: `typeorm_${run}`,
      columns: { key: { type: Number, primary: true, generated: true }, id: { type: String } },
    });
    const db = new DataSource({
      type: 'postgres',
      driver: { Pool: HaPool },
      extra: { env: environment(), failoverWaitMs: 60_000, max: 5 },
      entities: [Items],
      synchronize: true,
      installExtensions: false,
    });
    await db.initialize();
    const items = db.getRepository(Items);

    const plain = startWriters((id) => items.insert({ id: `plain-${id}` }), 40);
    const pairs = startWriters(
      (id) =>
        db
          .transaction(async (manager) => {
            await manager.insert(Items, { id: `pair-${id}` });
            await manager.insert(Items, { id: `second-${id}` });
          })
          .catch(sayRejected),
      40,
    );
    const all = [plain, pairs];
    return {
      worksAfter: (since) => Promise.all(all.map((one) => one.acknowledgedAfter(since, GRACE_MS))),
      async expectRight(mayFail) {
        await Promise.all(all.map((one) => one.stop(GRACE_MS)));
        const ids = (await items.find()).map(({ id }) => id);
        const of = (kind: string): string[] =>
          ids.filter((id) => id.startsWith(`${kind}-`)).map((id) => id.slice(kind.length + 1));
        expectHonest(plain.writes, of('plain'), mayFail);
        expectHonest(pairs.writes, of('pair'), mayFail);
        expect(of('second').toSorted()).toEqual(of('pair').toSorted());
        await db.destroy();
      },
    };
  },
};
