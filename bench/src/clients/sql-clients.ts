import { rolledBack } from '@steadfast/campaign/rolled-back';
import { HaPool, outcomeOf } from '@steadfast/pg-ha';
import pg from 'pg';
import type { SqlClient } from '../workloads/workload.ts';
import type { Opened, SqlKind } from './bench-client.ts';

type Query = SqlClient['query'];
interface Queryable {
  query(text: string, values: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
}

function queryOf(queryable: Queryable): Query {
  return (text, values) => queryable.query(text, values as unknown[]);
}

export const pgHa: SqlKind = {
  name: 'pg-ha',
  library: 'pg',
  ours: true,
  open: (env, connections) => {
    const pool = new HaPool({ env, poolMax: connections });
    return opened(pool, (work) => pool.transaction((session) => work(queryOf(session))));
  },
  judge: (error) => {
    const outcome = outcomeOf(error);
    return outcome === 'notSent' || outcome === 'rejected' ? outcome : 'unknown';
  },
};

export const stockPg: SqlKind = {
  name: 'pg',
  library: 'pg',
  ours: false,
  open: ({ DATABASE_URL: connectionString = '' }, connections) => {
    const pool = new pg.Pool({ connectionString, max: connections });
    pool.on('error', () => undefined);
    return opened(pool, (work) => transaction(pool, work));
  },
  judge: (error) => (rolledBack(error) ? 'rejected' : 'unknown'),
};

function opened(pool: pg.Pool, inTransaction: SqlClient['transaction']): Opened<SqlClient> {
  return {
    client: { query: queryOf(pool), transaction: inTransaction },
    ready: async () => (await pool.connect()).release(),
    close: () => pool.end(),
  };
}

/** As pg's own documentation writes it. */
async function transaction<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const session = await pool.connect();
  try {
    await session.query('BEGIN');
    const result = await work(queryOf(session));
    await session.query('COMMIT');
    session.release();
    return result;
  } catch (error) {
    await session.query('ROLLBACK').then(
      () => session.release(),
      (cause: Error) => session.release(cause),
    );
    throw error;
  }
}
