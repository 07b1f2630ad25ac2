import { randomBytes } from 'node:crypto';
import { withClient } from '../clients/bench-client.ts';
import { pgHa } from '../clients/sql-clients.ts';
import { redisHa } from '../clients/redis-clients.ts';
import type { Target } from '../targets/target.ts';
import type { RedisClient, SqlClient, Workload } from '../workloads/workload.ts';
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
    const what = this.target.library === 'pg' ? 'schema' : 'keys';
    return this.#workloads
      .map((workload) => `${what} ${dataOf(this.#name, workload)}${workload.library === 'pg' ? '' : '*'}`)
      .join(', ');
  }

  prepare(scale: number, seed: number): Promise<void> {
    return this.#with(
      async (client) => {
        for (const workload of this.#workloads) {
          if (workload.library !== 'pg') continue;
          const schema = dataOf(this.#name, workload);
          const [there] = (await client.query('SELECT to_regnamespace($1) AS name', [schema])).rows;
          if (there?.['name']) continue;
          await client.query(`CREATE SCHEMA ${schema}`);
          await workload.prepare(client, schema, scale, seed);
        }
      },
      async (client) => {
        const isFirst = await client.command('set', `${this.#name}:made`, '1', 'nx');
        if (isFirst === null) return;
        for (const workload of this.#workloads)
          if (workload.library === 'redis')
            await workload.prepare(client, dataOf(this.#name, workload), scale, seed);
      },
    );
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

  async #with(
    sql: (client: SqlClient) => Promise<void>,
    redis: (client: RedisClient) => Promise<void>,
  ): Promise<void> {
    const { library, env } = this.target;
    if (library === 'pg') await withClient(pgHa.open(env, ADMIN_CONNECTIONS), sql);
    else await withClient(redisHa.open(env, ADMIN_CONNECTIONS), redis);
  }
}
