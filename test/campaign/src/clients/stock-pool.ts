import pg from 'pg';
import type { Access, Driver } from './client.ts';
import { epochOf, INSERT, peerOutcome, READ, UPSERT, type EpochRow } from './sql.ts';

/** pg.Pool as it comes, through HAProxy. */
export async function stockPool({ description }: Access, client: string): Promise<Driver> {
  const { postgres } = description;
  if (!postgres?.haproxy) throw new Error('this lab has no HAProxy');
  const { user, password, database, haproxy } = postgres;
  const pool = new pg.Pool({
    user,
    password,
    database,
    host: haproxy.host,
    port: haproxy.primaryPort,
    max: 10,
  });
  pool.on('error', () => undefined);
  const insert = async (id: string): Promise<number | undefined> =>
    epochOf((await pool.query<EpochRow>(INSERT, [client, 'insert', id])).rows);
  const upsert = async (id: string): Promise<number | undefined> =>
    epochOf((await pool.query<EpochRow>(UPSERT, [client, id])).rows);
  const read = async (): Promise<undefined> => {
    await pool.query(READ, [client]);
  };
  return {
    work: {
      insert: { run: insert },
      upsert: { run: upsert },
      read: { run: read },
      transaction: { run: (id) => transaction(pool, client, id) },
    },
    outcomeOf: peerOutcome,
    close: () => pool.end(),
  };
}

/** As pg's own documentation writes it. */
async function transaction(pool: pg.Pool, client: string, id: string): Promise<number | undefined> {
  const session = await pool.connect();
  session.on('error', ignore);
  try {
    await session.query('BEGIN');
    const { rows } = await session.query<EpochRow>(INSERT, [client, 'transaction', id]);
    await session.query('COMMIT');
    session.release();
    return epochOf(rows);
  } catch (error) {
    session.release(error as Error);
    throw error;
  } finally {
    session.off('error', ignore);
  }
}

function ignore(): void {}
