import { once } from 'node:events';
import type { Redis, RedisOptions } from 'ioredis';

export type Open = (options?: RedisOptions) => Redis;
export type Step = (open: Open, admin: Redis) => Promise<unknown>;
export type Defined = Redis & Record<string, (...args: unknown[]) => Promise<unknown>>;

export const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

/** A callback's arguments, as it got them. */
export const called = (run: (callback: (...args: unknown[]) => void) => unknown): Promise<unknown[]> =>
  new Promise((resolve) => {
    run((...args) => resolve(args));
  });

export async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const part of stream) all.push(...(part as unknown[]));
  return all.map(String).toSorted();
}

export function events(client: Redis): string[] {
  const heard: string[] = [];
  for (const event of ['wait', 'connecting', 'connect', 'ready', 'close', 'reconnecting', 'end'])
    client.on(event, () => heard.push(`${event} (${client.status})`));
  return heard;
}

export async function killed(redis: Redis, admin: Redis): Promise<void> {
  const id = await redis.client('ID');
  const closed = once(redis, 'close');
  await admin.call('client', 'kill', 'id', String(id));
  await closed;
}
