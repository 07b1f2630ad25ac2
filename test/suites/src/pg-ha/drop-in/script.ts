import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** What a program does with a pool, and what comes of it. */
export type Script = (pool: pg.Pool) => Promise<unknown>;

export interface Case {
  name: string;
  options?: pg.PoolConfig;
  script: Script;
}

/** An error by what programs read of it. */
export function seen(error: unknown): unknown {
  const { message, code, severity, detail, constraint, position, routine, constructor } =
    error as pg.DatabaseError;
  return { message, code, severity, detail, constraint, position, routine, class: constructor.name };
}

export const ending = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: seen(error) }),
  );

export const plain = ({
  rows,
  rowCount,
  command,
  fields,
}: pg.QueryResult | pg.QueryArrayResult): unknown => ({
  rows: rows as unknown,
  rowCount,
  command,
  fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
});

export const counters = (pool: pg.Pool): number[] => [
  pool.totalCount,
  pool.idleCount,
  pool.waitingCount,
  pool.expiredCount,
];

/** Notes every event of a pool with what is given along. */
export function noteEvents(pool: pg.Pool): string[] {
  const events: string[] = [];
  for (const event of ['connect', 'acquire', 'remove'] as const)
    pool.on(event, (client) => events.push(`${event} ${client instanceof pg.Client}`));
  pool.on('release', (error) => events.push(`release ${error ? String(error) : '-'}`));
  pool.on('error', (error, client) => {
    const owner = (error as Error & { client?: unknown }).client;
    events.push(`error ${client instanceof pg.Client} ${owner === client}`);
  });
  return events;
}

/** Resolves with what a function in callback style calls back. */
export function calledBack(
  start: (callback: (error: unknown, value: unknown) => void) => unknown,
): Promise<unknown> {
  return new Promise((resolve) => {
    const returned = start((error, value) =>
      resolve([error ? seen(error) : error, value && plain(value as pg.QueryResult), returned === undefined]),
    );
  });
}

/** pg-pool tells of a removal when the goodbye has been said. */
export async function untilAllRemoved(events: readonly string[]): Promise<void> {
  const count = (word: string): number => events.filter((event) => event.startsWith(word)).length;
  for (let tries = 0; tries < 200 && count('remove') < count('connect'); tries++) await sleep(10);
}

export async function untilIdle(pool: pg.Pool, idle: number): Promise<void> {
  for (let tries = 0; tries < 200 && (pool.idleCount !== idle || pool.totalCount !== idle); tries++)
    await sleep(10);
}
