import type { Library } from '../result.ts';
import type { FailedAs } from '../method/tally.ts';
import type { RedisClient, SqlClient } from '../workloads/workload.ts';

/** A client as an app would have it, reached through the least that all have in common. */
export interface Opened<Client> {
  readonly client: Client;
  /** resolves when a first connection stands and could be used */
  readonly ready: () => Promise<unknown>;
  readonly close: () => Promise<void>;
}

export async function withClient<Client, T>(
  { client, close }: Opened<Client>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await use(client);
  } finally {
    await close();
  }
}

interface Kind<L extends Library, Client> {
  /** as it stands in tables: pg-ha, pg, redis-ha, ioredis */
  readonly name: string;
  readonly library: L;
  readonly ours: boolean;
  /** @param env where the servers are, as an operator would say it; @param connections in the pool, where there is one */
  readonly open: (env: Readonly<Record<string, string>>, connections: number) => Opened<Client>;
  /** what an error says of the work, as far as the client tells */
  readonly judge: (error: unknown) => FailedAs;
}

export type SqlKind = Kind<'pg', SqlClient>;
export type RedisKind = Kind<'redis', RedisClient>;
export type ClientKind = SqlKind | RedisKind;
