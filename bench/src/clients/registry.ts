import type { ClientKind } from './bench-client.ts';
import { ioredis, redisHa } from './redis-clients.ts';
import { pgHa, stockPg } from './sql-clients.ts';

/** Ours first, then what they are compared with. */
export const CLIENT_KINDS: readonly ClientKind[] = [pgHa, stockPg, redisHa, ioredis];

export function clientKind(name: string): ClientKind {
  const kind = CLIENT_KINDS.find((each) => each.name === name);
  if (!kind)
    throw new Error(`client '${name}': allowed are ${CLIENT_KINDS.map((each) => each.name).join(', ')}`);
  return kind;
}
