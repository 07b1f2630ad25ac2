import pg from 'pg';
import type { Access, Answer, Driver } from './client.ts';
import { listPlan, transferPlan } from './plans.ts';
import { AUDIT, epochOf, INSERT, peerOutcome, READ, UPSERT, type EpochRow } from './sql.ts';
import { balancesOf, onLists, serialized, transfer, type Ask, type BalanceRow } from './transactions.ts';

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
  const epochIn = async (text: string, values: string[]): Promise<Answer> => ({
    epoch: epochOf((await pool.query<EpochRow>(text, values)).rows),
  });
  return {
    work: {
      insert: { run: (id) => epochIn(INSERT, [client, 'insert', id]) },
      upsert: { run: (id) => epochIn(UPSERT, [client, id]) },
      read: {
        run: async () => {
          await pool.query(READ, [client]);
          return {};
        },
      },
      transaction: {
        run: (id) =>
          inTransaction(pool, 'BEGIN', async (ask) => ({
            epoch: epochOf(await ask<EpochRow>(INSERT, [client, 'transaction', id])),
          })),
      },
      append: {
        intent: listPlan,
        run: (_, turn) => serializable(pool, (ask) => onLists(ask, client, listPlan(turn))),
      },
      transfer: {
        intent: transferPlan,
        run: (_, turn) => serializable(pool, (ask) => transfer(ask, client, transferPlan(turn))),
      },
      audit: {
        run: async () => ({ value: balancesOf((await pool.query<BalanceRow>(AUDIT, [client])).rows) }),
      },
    },
    outcomeOf: peerOutcome,
    close: () => pool.end(),
  };
}

function serializable(pool: pg.Pool, work: (ask: Ask) => Promise<Answer>): Promise<Answer> {
  return serialized(() => inTransaction(pool, 'BEGIN ISOLATION LEVEL SERIALIZABLE', work));
}

/** As pg's own documentation writes it. */
async function inTransaction(
  pool: pg.Pool,
  begin: string,
  work: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  const session = await pool.connect();
  session.on('error', ignore);
  try {
    await session.query(begin);
    const answer = await work(
      async <Row extends object>(text: string, values: (string | number)[]) =>
        (await session.query<Row>(text, values)).rows,
    );
    await session.query('COMMIT');
    session.release();
    return answer;
  } catch (error) {
    session.release(error as Error);
    throw error;
  } finally {
    session.off('error', ignore);
  }
}

function ignore(): void {}
