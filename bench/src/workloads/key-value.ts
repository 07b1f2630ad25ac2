import { anyOf } from './random-choice.ts';
import type { RedisWorkload, SqlWorkload } from './workload.ts';

const KEYS = 10_000;
const VALUE = 'v'.repeat(100);

/** One row or key each time: as little work for the server as there can be, so the client and the way to it show most. */
export const keyValueSql: SqlWorkload = {
  library: 'pg',
  name: 'kv',
  title: 'key-value: four reads of one row to one write',
  prepare: async (client, schema, scale) => {
    await client.query(`CREATE TABLE ${schema}.kv (key int PRIMARY KEY, value text NOT NULL)`);
    await client.query(
      `INSERT INTO ${schema}.kv SELECT i, repeat('v', 100) FROM generate_series(0, ${KEYS * scale - 1}) AS i`,
    );
    await client.query(`ANALYZE ${schema}.kv`);
  },
  operations: (schema, scale) => [
    {
      kind: 'get',
      weight: 4,
      readOnly: true,
      run: (client, random) =>
        client.query(`SELECT value FROM ${schema}.kv WHERE key = $1`, [anyOf(KEYS * scale, random)]),
    },
    {
      kind: 'put',
      weight: 1,
      readOnly: false,
      run: (client, random) =>
        client.query(`UPDATE ${schema}.kv SET value = $2 WHERE key = $1`, [
          anyOf(KEYS * scale, random),
          VALUE,
        ]),
    },
  ],
};

export const keyValueRedis: RedisWorkload = {
  library: 'redis',
  name: 'kv',
  title: 'key-value: four GETs to one SET',
  prepare: async (client, prefix, scale) => {
    for (let from = 0; from < KEYS * scale; from += 1_000) {
      await client.pipeline(
        Array.from({ length: 1_000 }, (_, n) => ['set', `${prefix}${from + n}`, VALUE] as const),
      );
    }
  },
  operations: (prefix, scale) => [
    {
      kind: 'get',
      weight: 4,
      readOnly: true,
      run: (client, random) => client.command('get', `${prefix}${anyOf(KEYS * scale, random)}`),
    },
    {
      kind: 'put',
      weight: 1,
      readOnly: false,
      run: (client, random) => client.command('set', `${prefix}${anyOf(KEYS * scale, random)}`, VALUE),
    },
  ],
};
