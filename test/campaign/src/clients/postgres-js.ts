import postgres from 'postgres';
import type { Access, Answer, Driver } from './client.ts';
import { listPlan, transferPlan } from './plans.ts';
import { AUDIT, epochOf, INSERT, peerOutcome, READ, UPSERT, type EpochRow } from './sql.ts';
import { balancesOf, onLists, serialized, transfer, type Ask, type BalanceRow } from './transactions.ts';

/** postgres.js with all members and `target_session_attrs=primary`. */
export async function postgresJs({ description }: Access, client: string): Promise<Driver> {
  if (!description.postgres) throw new Error('this lab has no PostgreSQL');
  const { user, password, database, members } = description.postgres;
  const hosts = members.map(({ host, port }) => `${host}:${port}`).join(',');
  const sql = postgres(`postgres://${user}:${encodeURIComponent(password)}@${hosts}/${database}`, {
    target_session_attrs: 'primary',
    max: 10,
    onnotice: () => undefined,
  });
  const epochIn = async (text: string, values: string[]): Promise<Answer> => ({
    epoch: epochOf(await sql.unsafe<EpochRow[]>(text, values)),
  });
  const serializable = (work: (ask: Ask) => Promise<Answer>): Promise<Answer> =>
    serialized(() => inTransaction(sql, 'isolation level serializable', work));
  return {
    work: {
      insert: { run: (id) => epochIn(INSERT, [client, 'insert', id]) },
      upsert: { run: (id) => epochIn(UPSERT, [client, id]) },
      read: {
        run: async () => {
          await sql.unsafe(READ, [client]);
          return {};
        },
      },
      transaction: {
        run: (id) =>
          inTransaction(sql, '', async (ask) => ({
            epoch: epochOf(await ask<EpochRow>(INSERT, [client, 'transaction', id])),
          })),
      },
      append: {
        intent: listPlan,
        run: (_, turn) => serializable((ask) => onLists(ask, client, listPlan(turn))),
      },
      transfer: {
        intent: transferPlan,
        run: (_, turn) => serializable((ask) => transfer(ask, client, transferPlan(turn))),
      },
      audit: {
        run: async () => ({ value: balancesOf(await sql.unsafe<BalanceRow[]>(AUDIT, [client])) }),
      },
    },
    outcomeOf: peerOutcome,
    close: () => sql.end({ timeout: 1 }),
  };
}

async function inTransaction(
  sql: postgres.Sql,
  how: string,
  work: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  return await sql.begin(how, (session) =>
    work(
      async <Row extends object>(text: string, values: (string | number)[]) =>
        await session.unsafe<Row[]>(text, values),
    ),
  );
}
