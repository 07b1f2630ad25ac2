import { monotonicMs, type FaultArgs, type FaultName, type Lab } from '@steadfast/lab';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { Redis } from 'ioredis';
import { judge, startWriters, type Verdict, type Writers } from '../support/writers.ts';

/** A client that takes part: it counts one key a write, so that what is applied twice shows as 2. */
export interface Contestant {
  readonly name: string;
  readonly count: (key: string) => Promise<unknown>;
  close(): void;
}

export interface Course extends Verdict {
  readonly name: string;
  readonly acknowledged: number;
  /** it has written again after the fault was healed */
  readonly recovered: boolean;
  /** first acknowledged write after the new master accepted writes, ms; negative where it came before that was seen */
  readonly lagMs: number;
}

export function ours(lab: Lab, name: string, options: HaRedisOptions = {}): Contestant & { redis: HaRedis } {
  const redis = new HaRedis({ env: lab.env({ redis: 'sentinel' }), ...options });
  return { name, redis, count: (key) => redis.incr(key), close: () => redis.disconnect() };
}

/** Ours, where a write counts as acknowledged when both replicas have it. */
export function durably(lab: Lab, name: string): Contestant {
  const redis = new HaRedis({ env: lab.env({ redis: 'sentinel' }) });
  const count = (key: string): Promise<unknown> =>
    redis.durable([['incr', key]], { replicas: 2, timeoutMs: 100 });
  return { name, count, close: () => redis.disconnect() };
}

/** Stock ioredis as well as its options allow. */
export function tunedIoredis(lab: Lab): Contestant {
  const about = lab.description.redis;
  if (!about) throw new Error('the lab has no Redis');
  const redis = new Redis({
    sentinels: about.sentinels.map(({ host, port }) => ({ host, port })),
    name: about.masterName,
    username: about.username,
    password: about.password,
    ...(about.sentinelUsername === undefined ? {} : { sentinelUsername: about.sentinelUsername }),
    sentinelPassword: about.sentinelPassword,
    failoverDetector: true,
    sentinelCommandTimeout: 300,
    sentinelRetryStrategy: () => 50,
    retryStrategy: (times) => Math.min(50 * times, 250),
    disconnectTimeout: 100,
    socketTimeout: 2_000,
    maxRetriesPerRequest: null,
  });
  redis.on('error', () => undefined);
  return { name: 'ioredis', count: (key) => redis.incr(key), close: () => redis.disconnect() };
}

export interface CourseOptions {
  fault: FaultName;
  args?: FaultArgs;
  contestants: readonly Contestant[];
  /** a write of each client every so many ms */
  everyMs?: number;
  /** how long the load runs before the fault: clients that have just started may not be subscribed to every sentinel yet */
  beforeMs?: number;
  /** how long the load goes on after the new master accepts writes */
  afterMs?: number;
}

/** Runs the same load of several clients through one fault, heals it, and holds what they were told against what is there. */
export async function runSideBySide(lab: Lab, options: CourseOptions): Promise<Course[]> {
  const { fault, args = {}, contestants, everyMs = 2, beforeMs = 500, afterMs = 1_500 } = options;
  const run = `${fault}:${monotonicMs()}`;
  const before = (await lab.status()).redis?.master ?? '';
  const observers = await lab.observe();
  const loads = contestants.map(({ name, count }) =>
    startWriters((id) => count(`${run}:${name}:${id}`), everyMs),
  );
  try {
    for (const load of loads) await load.acknowledgedAfter(monotonicMs(), 5_000);
    await new Promise((resolve) => setTimeout(resolve, beforeMs));
    const since = monotonicMs();
    const made = await lab.fault(fault, args);
    const accepts = await observers.waitFor({ kind: 'redis-writable', since, notMember: before }, 30_000);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await made.heal();
    const healed = monotonicMs();
    await Promise.allSettled(loads.map((load) => load.acknowledgedAfter(healed, 20_000)));
    for (const load of loads) await load.stop(40_000);
    await lab.waitHealthy(60_000);
    const courses: Course[] = [];
    for (const [index, load] of loads.entries())
      courses.push(await verdict(lab, run, contestants[index]?.name ?? '', load, accepts.at, healed));
    return courses;
  } finally {
    for (const load of loads) await load.stop(1_000).catch(() => undefined);
    await observers.stop();
  }
}

async function verdict(
  lab: Lab,
  run: string,
  name: string,
  load: Writers,
  at: number,
  healed: number,
): Promise<Course> {
  const ids = load.writes.map(({ id }) => id);
  const counts = await onMaster(lab, (redis) => redis.mget(ids.map((id) => `${run}:${name}:${id}`)));
  const found = ids.flatMap((id, index) => Array.from({ length: Number(counts[index] ?? 0) }, () => id));
  const acknowledged = load.writes.filter(({ outcome }) => outcome === 'ok');
  const first = acknowledged.filter(({ ended }) => ended >= at - 50).toSorted((a, b) => a.ended - b.ended)[0];
  const course = {
    name,
    ...judge(load.writes, found),
    acknowledged: acknowledged.length,
    recovered: acknowledged.some(({ ended }) => ended >= healed),
    lagMs: Math.round((first?.ended ?? Infinity) - at),
  };
  console.log(
    `${run.split(':')[0]} ${name}: ${JSON.stringify({ ...course.outcomes, lost: course.lost.length, doubled: course.doubled.length, lagMs: course.lagMs })}`,
  );
  return course;
}

/** Asks the master that the lab itself knows, with a client that is none of those that took part. */
async function onMaster<T>(lab: Lab, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const about = lab.description.redis;
  const { master } = (await lab.status()).redis ?? {};
  const at = about?.members.find(({ name }) => name === master);
  if (!about || !at) throw new Error('the lab has no master');
  const redis = new Redis({
    host: at.host,
    port: at.port,
    username: about.username,
    password: about.password,
  });
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}
