import { ScriptedPostgres, Tables, type PgSaying } from '@steadfast/mock';
import { HaPool, outcomeOf, type HaPoolOptions } from '@steadfast/pg-ha';
import { afterEach } from 'vitest';

/** What a call came to: `ok`, or the outcome that its error names. */
export async function outcomeOfCall(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => outcomeOf(error) ?? `an error without an outcome: ${String(error)}`,
  );
}

/** How often work may have been applied, by what its caller was told. */
export const TRUE_COUNTS: Readonly<Record<string, readonly number[]>> = {
  ok: [1],
  notSent: [0],
  rejected: [0],
  unknown: [0, 1],
};

export interface Scripted {
  /** A member of one cluster: all share their tables. */
  readonly member: (says?: Partial<PgSaying>) => Promise<ScriptedPostgres>;
  /** A pool over these members. */
  readonly pool: (members: readonly ScriptedPostgres[], options?: HaPoolOptions) => HaPool;
  readonly tables: Tables;
}

/** Scripted servers and pools for the tests of a file; all are ended after each. */
export function withScriptedPostgres(): Scripted {
  const members: ScriptedPostgres[] = [];
  const pools: HaPool[] = [];
  const tables = new Tables();
  afterEach(async () => {
    for (const one of pools.splice(0)) if (!one.ending) await one.end();
    for (const one of members.splice(0)) await one.stop();
    tables.clear();
  });
  return {
    tables,
    async member(says) {
      const one = await ScriptedPostgres.start(says, tables);
      members.push(one);
      return one;
    },
    pool(of, options) {
      const pool = new HaPool({
        strategy: 'hosts',
        hosts: of.map(({ host, port }) => ({ host, port })),
        user: 'app',
        database: 'app',
        failoverWaitMs: 30_000,
        searchMinMs: 2,
        env: {},
        ...options,
      });
      pools.push(pool);
      return pool;
    },
  };
}
