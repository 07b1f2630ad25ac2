import type { Library } from '../result.ts';

/** What a workload needs of a PostgreSQL client: the least that `pg.Pool` and its peers have in common. */
export interface SqlClient {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  /** one transaction on one connection; rolled back when `work` throws */
  transaction<T>(work: (query: SqlClient['query']) => Promise<T>): Promise<T>;
}

/** What a workload needs of a Redis client: commands by their names in lower case, and several sent together. */
export interface RedisClient {
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  pipeline(commands: readonly (readonly (string | number)[])[]): Promise<readonly unknown[]>;
}

/** One kind of operation, with how often it comes (weights are relative). */
export interface Operation<Client> {
  readonly kind: string;
  readonly weight: number;
  /** leaves the data as a read does: all that a run with `--read-only` uses */
  readonly readOnly: boolean;
  readonly run: (client: Client, random: () => number) => Promise<unknown>;
}

interface Named {
  /** as in `--workload`: chatwoot, tpcb, kv, connect */
  readonly name: string;
  readonly title: string;
  /** every operation on a client of its own, made for it and closed after it: what a connection costs */
  readonly connectEach?: true;
}

/** A mix of operations on data of its own. Data come from the seed and the scale alone. */
export interface SqlWorkload extends Named {
  readonly library: Extract<Library, 'pg'>;
  /** everything lives in this schema, which the suite made for the run and removes after it */
  readonly prepare: (client: SqlClient, schema: string, scale: number, seed: number) => Promise<void>;
  readonly operations: (schema: string, scale: number) => readonly Operation<SqlClient>[];
}

export interface RedisWorkload extends Named {
  readonly library: Extract<Library, 'redis'>;
  /** every key begins with this prefix, and the suite removes them after the run */
  readonly prepare: (client: RedisClient, prefix: string, scale: number, seed: number) => Promise<void>;
  readonly operations: (prefix: string, scale: number) => readonly Operation<RedisClient>[];
}

/** What a file given by `--workload file.ts` exports as `default`. */
export type Workload = SqlWorkload | RedisWorkload;
