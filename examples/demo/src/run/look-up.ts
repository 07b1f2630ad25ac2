import type { LabDescription, LabStatus } from '@steadfast/lab';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Found } from '../analysis/report.ts';
import type { CallRecord } from '../load/call.ts';

/** Where the app keeps its jobs and counters. */
const QUEUE = 'queue:events';
const COUNTER = 'COUNTER::1::';
const CHUNK = 1_000;
/** More jobs than any run makes. */
const MAX_JOBS = 5_000_000;

/** Reads what is really there: plain drivers, straight to the members that are primary now. */
export async function lookUp(
  description: LabDescription,
  status: LabStatus,
  records: readonly CallRecord[],
): Promise<Found> {
  const names = new Set(records.filter(({ kind }) => kind === 'counter').map(({ key }) => key));
  const [messages, redis] = await Promise.all([
    readMessages(description, status),
    readRedis(description, status, [...names]),
  ]);
  return { messages, ...redis };
}

async function readMessages(description: LabDescription, status: LabStatus): Promise<Map<string, number>> {
  const { postgres } = description;
  const member = postgres?.members.find(({ name }) => name === status.postgres?.primary);
  if (!postgres || !member) throw new Error('PostgreSQL has no primary to look messages up on');
  const client = new pg.Client({
    host: member.host,
    port: member.port,
    database: postgres.database,
    user: postgres.user,
    password: postgres.password,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ key: string; times: number }>(
      `SELECT coalesce(source_id, '') AS key, count(*)::int AS times FROM messages GROUP BY source_id`,
    );
    return new Map(rows.map(({ key, times }) => [key, times]));
  } finally {
    await client.end();
  }
}

async function readRedis(
  description: LabDescription,
  status: LabStatus,
  counterNames: readonly string[],
): Promise<Pick<Found, 'jobs' | 'counters'>> {
  const member = description.redis?.members.find(({ name }) => name === status.redis?.master);
  if (!description.redis || !member) throw new Error('Redis has no master to look jobs up on');
  const { username, password } = description.redis;
  const { host, port } = member;
  const client = new Redis({ host, port, username, password, lazyConnect: true, retryStrategy: () => null });
  await client.connect();
  try {
    return { jobs: await readJobs(client), counters: await readCounters(client, counterNames) };
  } finally {
    client.disconnect();
  }
}

async function readJobs(client: Redis): Promise<Map<string, number>> {
  const jobs = new Map<string, number>();
  for (let start = 0; start < MAX_JOBS; start += CHUNK) {
    const chunk = await client.lrange(QUEUE, start, start + CHUNK - 1);
    for (const text of chunk) {
      const { sourceId } = JSON.parse(text) as { sourceId: string };
      jobs.set(sourceId, (jobs.get(sourceId) ?? 0) + 1);
    }
    if (chunk.length < CHUNK) break;
  }
  return jobs;
}

async function readCounters(client: Redis, names: readonly string[]): Promise<Map<string, number>> {
  const counters = new Map<string, number>();
  for (let start = 0; start < names.length; start += CHUNK) {
    const chunk = names.slice(start, start + CHUNK);
    const values = await client.mget(chunk.map((name) => COUNTER + name));
    chunk.forEach((name, i) => counters.set(name, Number(values[i] ?? 0)));
  }
  return counters;
}
