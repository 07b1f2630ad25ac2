import { readFile } from 'node:fs/promises';
import { HaPool, outcomeOf } from '@steadfast/pg-ha';
import type { PoolClient } from 'pg';
import { MAX_WAITING, POOL_MAX, READER_MAX } from './bounds.ts';
import type { Access, Answer, Driver, Work } from './client.ts';
import { listPlan, transferPlan } from './plans.ts';
import { ReaderSessions } from './reader-sessions.ts';
import { AUDIT, EPOCH_OF_SERVER, epochOf, INSERT, READ, UPSERT, type EpochRow } from './sql.ts';
import { balancesOf, onLists, transfer, type Ask, type BalanceRow } from './transactions.ts';

/** Shorter than most outages: such a call must end by its deadline, whatever it ends as. */
const BRIEF_MS = 1_000;
/** So long a transaction on request stays open between its write and its COMMIT, s. */
const LONG_S = 4;

export async function haPool(access: Access, client: string): Promise<Driver> {
  const { env, deadlineMs, passwordFile } = access;
  const password = passwordFile !== undefined && { password: () => readFile(passwordFile, 'utf8') };
  const options = { failoverWaitMs: deadlineMs, maxWaiting: MAX_WAITING, env, ...password };
  const pool = new HaPool({ ...options, poolMax: POOL_MAX });
  // What `pool.reader` is, with fewer connections.
  const reader = new HaPool({ ...options, poolMax: READER_MAX, targetSessionAttrs: 'prefer-standby' });
  const sessions = new ReaderSessions(pool, reader, client, deadlineMs);
  return {
    work: {
      ...statements(pool, client, deadlineMs),
      ...transactions(pool, reader, client, deadlineMs),
      ...sessions.work,
    },
    outcomeOf: (error) => (['notSent', 'rejected'].includes(outcomeOf(error) ?? '') ? 'fail' : 'unknown'),
    sample: () => ({
      waiting: Math.max(pool.health().waiting, reader.health().waiting),
      connections: pool.totalCount,
    }),
    close: async () => void (await Promise.all([pool.end(), reader.end()])),
  };
}

function statements(pool: HaPool, client: string, deadlineMs: number): Record<string, Work> {
  const query = (text: string, values: unknown[], options: object) =>
    pool.query<EpochRow>({ text, values, deadlineMs, ...options });
  const read = async (options: object): Promise<Answer> => {
    await query(READ, [client], { idempotent: true, ...options });
    return {};
  };
  return {
    insert: {
      run: async (id) => ({ epoch: epochOf((await query(INSERT, [client, 'insert', id], {})).rows) }),
      deadlineMs,
    },
    upsert: {
      run: async (id) => ({ epoch: epochOf((await query(UPSERT, [client, id], { idempotent: true })).rows) }),
      deadlineMs,
    },
    read: { run: () => read({}), deadlineMs },
    brief: { run: () => read({ deadlineMs: BRIEF_MS }), deadlineMs: BRIEF_MS },
  };
}

/** With a proof, so that each knows what became of it; audits are read on standbys every other time. */
function transactions(
  pool: HaPool,
  reader: HaPool,
  client: string,
  deadlineMs: number,
): Record<string, Work> {
  const serializable = (work: (ask: Ask) => Promise<Answer>): Promise<Answer> =>
    pool.transaction((session) => work(askOf(session)), {
      isolation: 'serializable',
      commitProof: true,
      deadlineMs,
    });
  return {
    transaction: {
      run: (id) =>
        pool.transaction(
          async (session) => ({
            epoch: epochOf((await session.query<EpochRow>(INSERT, [client, 'transaction', id])).rows),
          }),
          { commitProof: true, deadlineMs },
        ),
      deadlineMs,
    },
    long: {
      run: (id) =>
        pool.transaction(
          async (session) => {
            await session.query(INSERT, [client, 'long', id]);
            await session.query('SELECT pg_sleep($1)', [LONG_S]);
            return { epoch: epochOf((await session.query<EpochRow>(EPOCH_OF_SERVER)).rows) };
          },
          { commitProof: true, deadlineMs },
        ),
      deadlineMs,
      onRequest: true,
    },
    append: {
      intent: listPlan,
      run: (_, turn) => serializable((ask) => onLists(ask, client, listPlan(turn))),
      deadlineMs,
    },
    transfer: {
      intent: transferPlan,
      run: (_, turn) => serializable((ask) => transfer(ask, client, transferPlan(turn))),
      deadlineMs,
    },
    audit: {
      run: async (_, { n }) => {
        const at = n % 2 === 0 ? pool : reader;
        const query = { text: AUDIT, values: [client], idempotent: true, deadlineMs };
        return { value: balancesOf((await at.query<BalanceRow>(query)).rows) };
      },
      deadlineMs,
    },
  };
}

function askOf(session: PoolClient): Ask {
  return async <Row extends object>(text: string, values: (string | number)[]) =>
    (await session.query<Row>(text, values)).rows;
}
