import type { Redis } from 'ioredis';
import type { Kept } from './channel-bridge.ts';

/** Reads the streams that are kept beside channels. */
export interface StreamReader {
  readonly keyPrefix: string;
  /** oldest first, from the entry `from` on */
  read(stream: string, from: string, count: number): Promise<readonly Kept[]>;
  newest(stream: string): Promise<Kept | undefined>;
}

export function streamReader(redis: Redis): StreamReader {
  return {
    keyPrefix: redis.options.keyPrefix ?? '',
    read: async (stream, from, count) => (await redis.xrange(stream, from, '+', 'COUNT', count)).map(toKept),
    newest: async (stream) => (await redis.xrevrange(stream, '+', '-', 'COUNT', 1)).map(toKept)[0],
  };
}

/** An entry that somebody else has added has no token; its id serves. */
function toKept([id, fields]: [string, string[]]): Kept {
  const valueOf = (name: string): string | undefined =>
    fields.find((_, at) => at % 2 === 1 && fields[at - 1] === name);
  return { id, token: valueOf('token') ?? id, message: valueOf('message') ?? '' };
}
