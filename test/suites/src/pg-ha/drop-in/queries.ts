import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { calledBack, counters, ending, plain, type Case } from './script.ts';

export const queries: Case[] = [
  { name: 'text', script: async (pool) => plain(await pool.query('SELECT 1 AS a, now() IS NULL AS b')) },
  {
    name: 'text and values',
    script: async (pool) => plain(await pool.query('SELECT $1::int + $2 AS sum', [1, 2])),
  },
  {
    name: 'a config',
    script: async (pool) => plain(await pool.query({ text: 'SELECT $1::text AS x', values: ['y'] })),
  },
  {
    name: 'a config and values',
    script: async (pool) => plain(await pool.query({ text: 'SELECT $1::text AS x' }, ['z'])),
  },
  {
    name: 'rowMode array',
    script: async (pool) => plain(await pool.query({ text: 'SELECT 1, 2', rowMode: 'array' })),
  },
  {
    name: 'a named statement, several times, and another text of the same name',
    options: { max: 1 },
    script: async (pool) => {
      const named = { name: 'one', text: 'SELECT $1::int AS x' };
      const results = [plain(await pool.query(named, [1])), plain(await pool.query(named, [2]))];
      return [
        ...results,
        await ending(pool.query({ name: 'one', text: 'SELECT 2' })),
        plain(await pool.query(named, [3])),
      ];
    },
  },
  {
    name: 'several statements in one text',
    script: async (pool) =>
      ((await pool.query('SELECT 1 AS a; SELECT 2 AS b')) as unknown as pg.QueryResult[]).map(plain),
  },
  { name: 'an empty text', script: async (pool) => plain(await pool.query('')) },
  { name: 'a callback', script: (pool) => calledBack((callback) => pool.query('SELECT 1 AS x', callback)) },
  {
    name: 'values and a callback',
    script: (pool) => calledBack((callback) => pool.query('SELECT $1::int AS x', [1], callback)),
  },
  {
    name: 'a config and a callback',
    script: (pool) => calledBack((callback) => pool.query({ text: 'SELECT 1 AS x' }, callback)),
  },
  {
    name: 'an error for a callback',
    script: (pool) => calledBack((callback) => pool.query('SELECT nothing', callback)),
  },
  { name: 'an error of the server', script: (pool) => ending(pool.query('SELECT * FROM nowhere')) },
  {
    name: 'an error of a constraint',
    script: async (pool) => {
      await pool.query('CREATE TEMP TABLE keyed (id int PRIMARY KEY); INSERT INTO keyed VALUES (1)');
      return ending(pool.query('INSERT INTO keyed VALUES (1)'));
    },
    options: { max: 1 },
  },
  {
    name: 'no query at all, or a function',
    script: async (pool) => {
      const query = pool.query.bind(pool) as (given: unknown) => Promise<unknown>;
      return [await ending(query(null)), await ending(query(undefined)), await ending(query({}))];
    },
  },
  {
    name: 'a Submittable: pg.Query',
    script: async (pool) => {
      const result = await (pool.query(new pg.Query('SELECT 5 AS x')) as unknown);
      return plain(result as pg.QueryResult);
    },
  },
  {
    name: 'a Submittable: pg-cursor',
    script: async (pool) => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor('SELECT * FROM generate_series(1, 5) AS n'));
      const read = [await cursor.read(2), await cursor.read(2), await cursor.read(2)];
      await cursor.close();
      client.release();
      return [read, counters(pool)];
    },
  },
  {
    name: 'a Submittable: pg-query-stream',
    script: async (pool) => {
      const client = await pool.connect();
      const rows: unknown[] = [];
      const text = 'SELECT * FROM generate_series(1, $1) AS n';
      for await (const row of client.query(new QueryStream(text, [7], { batchSize: 2 }))) rows.push(row);
      client.release();
      return rows;
    },
  },
  {
    name: 'type parsers of one query and of the pool',
    options: {
      types: { getTypeParser: () => (value: string) => `<${value}>` } as unknown as pg.CustomTypesConfig,
    },
    script: async (pool) => {
      const types = {
        getTypeParser: () => (value: string) => `[${value}]`,
      } as unknown as pg.CustomTypesConfig;
      return [
        plain(await pool.query('SELECT 1 AS x')),
        plain(await pool.query({ text: 'SELECT 1 AS x', types })),
      ];
    },
  },
];
