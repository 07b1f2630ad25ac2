import type { Lab } from '@steadfast/lab';
import { Redis } from 'ioredis';
import pg from 'pg';

/** Who logs in. */
export type As = 'app' | 'admin';

/** Work on whoever is the primary now, by the stock driver. */
export async function onPrimary<T>(
  lab: Lab,
  work: (client: pg.Client) => Promise<T>,
  as: As = 'app',
): Promise<T> {
  const { postgres } = lab.description;
  const primary = (await lab.status()).postgres?.primary;
  const member = postgres?.members.find(({ name }) => name === primary);
  if (!postgres || !member) throw new Error('PostgreSQL has no primary to read from');
  const { database } = postgres;
  const [user, password] =
    as === 'app' ? [postgres.user, postgres.password] : [postgres.superuser, postgres.superuserPassword];
  const client = new pg.Client({ user, password, database, host: member.host, port: member.port });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Work on whoever is the master now, by the stock driver. */
export async function onMaster<T>(lab: Lab, work: (redis: Redis) => Promise<T>, as: As = 'app'): Promise<T> {
  const { redis: described } = lab.description;
  const master = (await lab.status()).redis?.master;
  const member = described?.members.find(({ name }) => name === master);
  if (!described || !member) throw new Error('Redis has no master to read from');
  return onRedis(lab, member, work, as);
}

/** Work on every Redis, one after the other. */
export async function onEachRedis(lab: Lab, work: (redis: Redis) => Promise<unknown>): Promise<void> {
  for (const member of lab.description.redis?.members ?? [])
    await onRedis(lab, member, async (redis) => void (await work(redis)), 'admin');
}

/** A connection to every Redis, the caller's to close. */
export async function toEachRedis(lab: Lab): Promise<Redis[]> {
  const all = (lab.description.redis?.members ?? []).map((member) => login(lab, member, 'admin'));
  await Promise.all(all.map((redis) => redis.ping()));
  return all;
}

async function onRedis<T>(
  lab: Lab,
  at: { host: string; port: number },
  work: (redis: Redis) => Promise<T>,
  as: As,
): Promise<T> {
  const redis = login(lab, at, as);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

function login(lab: Lab, { host, port }: { host: string; port: number }, as: As): Redis {
  const { redis: described } = lab.description;
  const who =
    as === 'admin'
      ? { username: described?.adminUsername ?? '', password: described?.adminPassword ?? '' }
      : { username: described?.username ?? '', password: described?.password ?? '' };
  const redis = new Redis({ host, port, ...who });
  redis.on('error', () => undefined);
  return redis;
}
