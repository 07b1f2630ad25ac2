import { monotonicMs, type FaultName } from '@steadfast/lab';
import { HaPool } from '@steadfast/pg-ha';
import { beforeAll, describe, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { withDrizzle } from './drizzle.ts';
import { withExpressSessions } from './express-sessions.ts';
import { withGraphileWorker } from './graphile-worker.ts';
import { withKysely } from './kysely.ts';
import { GRACE_MS, type Library, type LibraryRun } from './library.ts';
import { withPgBoss } from './pg-boss.ts';
import { withStreams } from './streams.ts';
import { withTypeOrm } from './typeorm.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });
const env = (): Record<string, string> => held.lab.env({ postgres: 'patroni' });
const pool = (): HaPool => new HaPool({ env: env(), failoverWaitMs: 60_000, max: 5 });

const onPool = [withDrizzle, withKysely, withPgBoss, withGraphileWorker, withExpressSessions, withStreams];
const begin = <Client>(library: Library<Client>, client: () => Client) => ({
  name: library.name,
  begin: (run: string) => library.begin(client, run),
});
const libraries = [...onPool.map((library) => begin(library, pool)), begin(withTypeOrm, env)];

async function works(name: string, run: LibraryRun, since: number): Promise<void> {
  try {
    await run.worksAfter(since);
  } catch (error) {
    throw new Error(`${name}: ${String(error)}`, { cause: error });
  }
}

async function expectRight(name: string, run: LibraryRun | undefined, since: number): Promise<void> {
  if (!run) throw new Error(`${name} did not begin`);
  await works(name, run, since);
  await run.expectRight();
}

const faults: { fault: FaultName; withinMs: number }[] = [
  { fault: 'switchover', withinMs: 30_000 },
  { fault: 'crash', withinMs: 60_000 },
];

for (const { fault, withinMs } of faults) {
  describe(`through a ${fault} of the primary`, () => {
    const runs = new Map<string, LibraryRun>();
    let promotedAt = 0;

    beforeAll(async () => {
      const { lab } = held;
      await lab.waitHealthy(60_000);
      // One after the other: each sets up its schema.
      for (const library of libraries) runs.set(library.name, await library.begin(fault));
      await Promise.all([...runs].map(([name, run]) => works(name, run, monotonicMs())));
      const observers = await lab.observe();
      const since = monotonicMs();
      const made = await lab.fault(fault, { target: 'primary' });
      const promoted = await observers.waitFor(
        { kind: 'pg-writable', since, notMember: made.target },
        withinMs,
      );
      promotedAt = promoted.at;
      await observers.stop();
      await made.heal();
    }, 120_000);

    for (const { name } of libraries) {
      it(`${name} goes on, and its work is right`, { timeout: 3 * GRACE_MS }, async () => {
        await expectRight(name, runs.get(name), promotedAt);
      });
    }
  });
}
