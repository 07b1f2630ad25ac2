import type { RedisOptions } from 'ioredis';

/** Reconnecting is paced by the dialer: ioredis is to ask it at once. */
export function driverOptions(
  options: RedisOptions,
  Connector: NonNullable<RedisOptions['Connector']>,
): RedisOptions & { replyMapping?: 'legacy' } {
  return { ...options, Connector, retryStrategy: () => 0 } as RedisOptions & { replyMapping?: 'legacy' };
}
