import { readFile } from 'node:fs/promises';
import { HaPool, outcomeOf } from '@steadfast/pg-ha';
import type { Access, Driver } from './client.ts';
import { epochOf, EPOCH_OF_SERVER, INSERT, READ, UPSERT, type EpochRow } from './sql.ts';

/** Shorter than most outages: such a call must end by its deadline, whatever it ends as. */
const BRIEF_MS = 1_000;
/** So long a transaction on request stays open between its write and its COMMIT, s. */
const LONG_S = 4;

export async function haPool(access: Access, client: string): Promise<Driver> {
  const { env, deadlineMs, passwordFile } = access;
  const password = passwordFile !== undefined && { password: () => readFile(passwordFile, 'utf8') };
  const pool = new HaPool({ failoverWaitMs: deadlineMs, poolMax: 10, env, ...password });
  const query = (text: string, values: unknown[], options: object) =>
    pool.query<EpochRow>({ text, values, deadlineMs, ...options });
  const insert = async (id: string): Promise<number | undefined> =>
    epochOf((await query(INSERT, [client, 'insert', id], {})).rows);
  const upsert = async (id: string): Promise<number | undefined> =>
    epochOf((await query(UPSERT, [client, id], { idempotent: true })).rows);
  const read = async (options: object): Promise<undefined> => {
    await query(READ, [client], { idempotent: true, ...options });
  };
  const transaction = (id: string): Promise<number | undefined> =>
    pool.transaction(
      async (session) => epochOf((await session.query<EpochRow>(INSERT, [client, 'transaction', id])).rows),
      { commitProof: true, deadlineMs },
    );
  const long = (id: string): Promise<number | undefined> =>
    pool.transaction(
      async (session) => {
        await session.query(INSERT, [client, 'long', id]);
        await session.query('SELECT pg_sleep($1)', [LONG_S]);
        return epochOf((await session.query<EpochRow>(EPOCH_OF_SERVER)).rows);
      },
      { commitProof: true, deadlineMs },
    );
  return {
    work: {
      insert: { run: insert, deadlineMs },
      upsert: { run: upsert, deadlineMs },
      read: { run: () => read({}), deadlineMs },
      transaction: { run: transaction, deadlineMs },
      long: { run: long, deadlineMs, onRequest: true },
      brief: { run: () => read({ deadlineMs: BRIEF_MS }), deadlineMs: BRIEF_MS },
    },
    outcomeOf: (error) => (['notSent', 'rejected'].includes(outcomeOf(error) ?? '') ? 'fail' : 'unknown'),
    close: () => pool.end(),
  };
}
