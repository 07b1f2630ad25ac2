import postgres from 'postgres';
import type { Access, Driver } from './client.ts';
import { epochOf, INSERT, peerOutcome, READ, UPSERT, type EpochRow } from './sql.ts';

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
  const insert = async (id: string): Promise<number | undefined> =>
    epochOf(await sql.unsafe<EpochRow[]>(INSERT, [client, 'insert', id]));
  const upsert = async (id: string): Promise<number | undefined> =>
    epochOf(await sql.unsafe<EpochRow[]>(UPSERT, [client, id]));
  const read = async (): Promise<undefined> => {
    await sql.unsafe(READ, [client]);
  };
  const transaction = async (id: string): Promise<number | undefined> =>
    await sql.begin(async (session) =>
      epochOf(await session.unsafe<EpochRow[]>(INSERT, [client, 'transaction', id])),
    );
  return {
    work: {
      insert: { run: insert },
      upsert: { run: upsert },
      read: { run: read },
      transaction: { run: transaction },
    },
    outcomeOf: peerOutcome,
    close: () => sql.end({ timeout: 1 }),
  };
}
