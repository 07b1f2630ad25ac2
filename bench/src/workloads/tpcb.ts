import { anyOf } from './random-choice.ts';
import type { SqlWorkload } from './workload.ts';

const ACCOUNTS = 100_000;
const TELLERS = 10;

/** As pgbench's built-in script of that name (https://www.postgresql.org/docs/current/pgbench.html), with its table sizes. */
export const tpcb: SqlWorkload = {
  library: 'pg',
  name: 'tpcb',
  title: 'TPC-B-like: one transaction of three updates, a read and an insert',
  prepare: async (client, schema, scale) => {
    const table = (name: string, key: string, more: string, rows: number): string[] => [
      `CREATE TABLE ${schema}.${name} (${key} int PRIMARY KEY, bid int, ${more} int NOT NULL, filler char(84))`,
      `INSERT INTO ${schema}.${name} SELECT i, (i - 1) % ${scale} + 1, 0, '' FROM generate_series(1, ${rows}) AS i`,
    ];
    const statements = [
      ...table('branches', 'id', 'balance', scale),
      ...table('tellers', 'id', 'balance', TELLERS * scale),
      ...table('accounts', 'id', 'balance', ACCOUNTS * scale),
      `CREATE TABLE ${schema}.history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`,
      `ANALYZE ${schema}.branches, ${schema}.tellers, ${schema}.accounts`,
    ];
    for (const statement of statements) await client.query(statement);
  },
  operations: (schema, scale) => [
    {
      kind: 'transfer',
      weight: 1,
      readOnly: false,
      run: (client, random) => {
        const account = anyOf(ACCOUNTS * scale, random) + 1;
        const teller = anyOf(TELLERS * scale, random) + 1;
        const branch = anyOf(scale, random) + 1;
        const delta = anyOf(10_001, random) - 5_000;
        return client.transaction(async (query) => {
          await query(`UPDATE ${schema}.accounts SET balance = balance + $1 WHERE id = $2`, [delta, account]);
          await query(`SELECT balance FROM ${schema}.accounts WHERE id = $1`, [account]);
          await query(`UPDATE ${schema}.tellers SET balance = balance + $1 WHERE id = $2`, [delta, teller]);
          await query(`UPDATE ${schema}.branches SET balance = balance + $1 WHERE id = $2`, [delta, branch]);
          await query(
            `INSERT INTO ${schema}.history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, localtimestamp)`,
            [teller, branch, account, delta],
          );
        });
      },
    },
    {
      kind: 'balance',
      // Only for runs that may not write: pgbench's "select only".
      weight: 0,
      readOnly: true,
      run: (client, random) =>
        client.query(`SELECT balance FROM ${schema}.accounts WHERE id = $1`, [
          anyOf(ACCOUNTS * scale, random) + 1,
        ]),
    },
  ],
};
