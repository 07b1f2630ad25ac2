import { setTimeout as sleep } from 'node:timers/promises';
import { counters, ending, plain, seen, untilIdle, type Case } from './script.ts';

export const limits: Case[] = [
  {
    name: 'idleTimeoutMillis and min',
    options: { max: 3, min: 1, idleTimeoutMillis: 40 },
    script: async (pool) => {
      await Promise.all([1, 2, 3].map(() => pool.query('SELECT pg_sleep(0.02)')));
      await untilIdle(pool, 1);
      return counters(pool);
    },
  },
  {
    name: 'connectionTimeoutMillis, when the pool is full',
    options: { max: 1, connectionTimeoutMillis: 50 },
    script: async (pool) => {
      const held = await pool.connect();
      const results = [await ending(pool.query('SELECT 1')), await ending(pool.connect())];
      held.release();
      return [results, plain(await pool.query('SELECT 1 AS x')), counters(pool)];
    },
  },
  {
    name: 'maxUses',
    options: { max: 1, maxUses: 2 },
    script: async (pool) => {
      const pids = new Set<unknown>();
      for (let n = 0; n < 6; n++) pids.add((await pool.query('SELECT pg_backend_pid() AS pid')).rows[0]?.pid);
      return pids.size;
    },
  },
  {
    name: 'maxLifetimeSeconds',
    options: { max: 2, maxLifetimeSeconds: 0.1 },
    script: async (pool) => {
      const held = await pool.connect();
      await pool.query('SELECT 1');
      await sleep(250);
      const expired = counters(pool);
      held.release();
      await untilIdle(pool, 0);
      return [expired, counters(pool)];
    },
  },
  {
    name: 'verify and onConnect',
    options: {
      verify: (client, done) => void client.query('SET search_path = one').then(() => done(), done),
      onConnect: (client) => client.query('SET work_mem = 1024') as unknown as void,
      max: 1,
    },
    script: async (pool) => [
      plain(await pool.query('SHOW search_path')),
      plain(await pool.query('SHOW work_mem')),
    ],
  },
  {
    name: 'an onConnect that fails',
    options: { onConnect: () => Promise.reject(new Error('not today')) as unknown as void },
    script: async (pool) => [await ending(pool.query('SELECT 1')), counters(pool)],
  },
  {
    name: 'statement_timeout',
    options: { statement_timeout: 50 },
    script: (pool) => ending(pool.query('SELECT pg_sleep(5)')),
  },
  {
    name: 'query_timeout',
    options: { query_timeout: 50 },
    script: async (pool) => {
      const result = await ending(pool.query('SELECT pg_sleep(5)'));
      await untilIdle(pool, 0);
      return [result, counters(pool)];
    },
  },
  {
    name: 'lock_timeout',
    options: { lock_timeout: 50 },
    script: async (pool) => {
      await pool.query('CREATE TABLE IF NOT EXISTS contended (id int)');
      const held = await pool.connect();
      await held.query('BEGIN; LOCK TABLE contended');
      const result = await ending(pool.query('SELECT * FROM contended'));
      await held.query('ROLLBACK');
      held.release();
      return result;
    },
  },
  {
    name: 'idle_in_transaction_session_timeout',
    options: { idle_in_transaction_session_timeout: 50 },
    script: async (pool) => {
      const client = await pool.connect();
      const ended = new Promise((resolve) => client.once('error', (error) => resolve(seen(error))));
      await client.query('BEGIN');
      const error = await ended;
      client.release(true);
      return [error, counters(pool)];
    },
  },
];

export const ends: Case[] = [
  {
    name: 'by promise, with what goes on inside and what comes after',
    script: async (pool) => {
      const client = await pool.connect();
      const flags = [[pool.ending, pool.ended]];
      const ended = pool.end();
      flags.push([pool.ending, pool.ended]);
      const refused = [await ending(pool.connect()), await ending(pool.end())];
      const late = await client.query('SELECT 1 AS x');
      client.release();
      await ended;
      flags.push([pool.ending, pool.ended]);
      return [flags, refused, plain(late), counters(pool)];
    },
  },
  {
    name: 'by callback',
    script: async (pool) => {
      await pool.query('SELECT 1');
      await new Promise<void>((resolve) => pool.end(resolve));
      return [pool.ended, counters(pool)];
    },
  },
];
