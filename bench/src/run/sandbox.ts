import { randomBytes } from 'node:crypto';
import { withClient } from '../clients/bench-client.ts';
import { pgHa } from '../clients/sql-clients.ts';
import { redisHa } from '../clients/redis-clients.ts';
import type { Target } from '../targets/target.ts';
import type { RedisClient, SqlClient, Workload } from '../workloads/workload.ts';
import { markKeys, markSchema, refuseOtherScale, scaleOfKeys, scaleOfSchema } from './made.ts';
import { removeKeys } from './remove-keys.ts';
import type { Removal } from './removed.ts';

const ADMIN_CONNECTIONS = 1;

/** The name under which a run keeps everything that it makes; no run's name is another's. */
export function newDataName(): string {
  return `steadfast_bench_${randomBytes(4).toString('hex')}`;
}

export const DATA_NAME: RegExp = /^steadfast_bench_[0-9a-f]{8}$/;

/** Schema (PostgreSQL) or key prefix (Redis) of a workload's data. */
export function dataOf(name: string, workload: Workload): string {
  const own = workload.name.replaceAll(/\W/g, '_').toLowerCase();
  return workload.library === 'pg' ? `${name}_${own}` : `${name}:${own}:`;
}

/**
 * The data of a run on one server: made, and removed with all that the run has put there. Two targets may lead to one server
 * without anybody having said so: what another has made there under this run's name is not made again.
 */
export class Sandbox {
  readonly target: Target;
  readonly #name: string;
  readonly #workloads: readonly Workload[];

  constructor(target: Target, name: string, workloads: readonly Workload[]) {
    this.target = target;
    this.#name = name;
    this.#workloads = workloads.filter(({ library }) => library === target.library);
  }

  /** What it makes, in words. */
  describe(): string {
    return this.#workloads.map((workload) => this.#words(workload)).join(', ');
  }

  prepare(scale: number, seed: number): Promise<void> {
    return this.#with(
      async (client) => {
        for (const workload of this.#workloads) {
          if (workload.library !== 'pg') continue;
          const schema = dataOf(this.#name, workload);
          if ((await scaleOfSchema(client, schema)) !== undefined) continue;
          await client.query(`CREATE SCHEMA ${schema}`);
          await workload.prepare(client, schema, scale, seed);
          await markSchema(client, schema, scale);
        }
      },
      async (client) => {
        for (const workload of this.#workloads) {
          if (workload.library !== 'redis') continue;
          const prefix = dataOf(this.#name, workload);
          if ((await scaleOfKeys(client, prefix)) !== undefined) continue;
          await workload.prepare(client, prefix, scale, seed);
          await markKeys(client, prefix, scale);
        }
      },
    );
  }

  /** Whether what an earlier run has made is there. @throws UsageError */
  async check(scale: number): Promise<void> {
    for (const workload of this.#workloads) {
      if (workload.connectEach) continue;
      const data = dataOf(this.#name, workload);
      const found = await this.#with(
        (client) => scaleOfSchema(client, data),
        (client) => scaleOfKeys(client, data),
      );
      refuseOtherScale(`${this.#words(workload)} on ${this.target.server}`, found, scale);
    }
  }

  removal(): Removal {
    return { from: this.target.server, what: this.describe(), remove: () => this.#remove() };
  }

  #remove(): Promise<void> {
    return this.#with(
      async (client) => {
        for (const workload of this.#workloads)
          await client.query(`DROP SCHEMA IF EXISTS ${dataOf(this.#name, workload)} CASCADE`);
      },
      async (client) => removeKeys(client, `${this.#name}:*`),
    );
  }

  #words(workload: Workload): string {
    const data = dataOf(this.#name, workload);
    return workload.library === 'pg' ? `schema ${data}` : `keys ${data}*`;
  }

  async #with<T>(
    sql: (client: SqlClient) => Promise<T>,
    redis: (client: RedisClient) => Promise<T>,
  ): Promise<T> {
    const { library, env } = this.target;
    return library === 'pg'
      ? withClient(pgHa.open(env, ADMIN_CONNECTIONS), sql)
      : withClient(redisHa.open(env, ADMIN_CONNECTIONS), redis);
  }
}
