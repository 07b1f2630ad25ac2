import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { counters, ending, noteEvents, plain, untilAllRemoved, type Case } from './script.ts';

export const clients: Case[] = [
  {
    name: 'a client by promise and by callback, given back in every way',
    options: { max: 2 },
    script: async (pool) => {
      const events = noteEvents(pool);
      const first = await pool.connect();
      first.release();
      const second = await new Promise<pg.PoolClient>((resolve, reject) => {
        pool.connect((error, client, done) => {
          if (!client) return reject(error ?? new Error('no client'));
          done();
          resolve(client);
        });
      });
      const third = await pool.connect();
      third.release(true);
      await untilAllRemoved(events); // whether its end or the next login is first is the server's to say
      const fourth = await pool.connect();
      fourth.release(new Error('broken'));
      await untilAllRemoved(events);
      return [events, first === second, second === third, third === fourth, counters(pool)];
    },
  },
  {
    name: 'a client given back twice',
    script: async (pool) => {
      const client = await pool.connect();
      client.release();
      return ending(Promise.resolve().then(() => client.release()));
    },
  },
  {
    name: 'a client in a transaction by hand',
    options: { max: 1 },
    script: async (pool) => {
      const client = await pool.connect();
      const commands = [];
      for (const text of [
        'BEGIN',
        'CREATE TEMP TABLE t (x int)',
        'SAVEPOINT s',
        'SELECT 1',
        'ROLLBACK TO s',
        'COMMIT',
      ])
        commands.push((await client.query(text)).command);
      const status = (client as unknown as { getTransactionStatus(): string }).getTransactionStatus();
      client.release();
      return [commands, status, (await pool.query('SELECT * FROM t')).rowCount];
    },
  },
  {
    name: 'notices and notifications',
    script: async (pool) => {
      const client = await pool.connect();
      const heard: unknown[] = [];
      client.on('notice', ({ message }) => heard.push(message));
      client.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
      await client.query('LISTEN news');
      await client.query("DO $$ BEGIN RAISE NOTICE 'hear'; END $$");
      await client.query("NOTIFY news, 'hello'");
      await client.query('SELECT 1');
      client.release();
      return heard;
    },
  },
  {
    name: 'events of a query that succeeds and of one that fails',
    script: async (pool) => {
      const events = noteEvents(pool);
      await pool.query('SELECT 1');
      await ending(pool.query('SELECT 1/0'));
      await untilAllRemoved(events);
      return [events, counters(pool)];
    },
  },
  {
    name: 'a full pool: who waits, in order, and how it counts them',
    options: { max: 1 },
    script: async (pool) => {
      const order: number[] = [];
      const held = await pool.connect();
      const waits = [1, 2, 3].map((n) => pool.query('SELECT $1::int', [n]).then(() => order.push(n)));
      await sleep(20);
      const before = counters(pool);
      held.release();
      await Promise.all(waits);
      return [before, order, counters(pool)];
    },
  },
  {
    name: 'an idle client that the server ends',
    options: { max: 2 },
    script: async (pool) => {
      const events = noteEvents(pool);
      const [victim, killer] = await Promise.all([pool.connect(), pool.connect()]);
      const { processID } = victim as unknown as { processID: number };
      victim.release();
      await killer.query('SELECT pg_terminate_backend($1)', [processID]);
      for (let tries = 0; tries < 200 && !events.some((event) => event.startsWith('remove')); tries++)
        await sleep(10);
      const count = counters(pool);
      killer.release();
      return [[...events].sort(), count];
    },
  },
  {
    name: 'a side connection from pool.Client and pool.options, as Kysely cancels',
    script: async (pool) => {
      await pool.query('SELECT 1');
      const Client = (pool as unknown as { Client: new (options: pg.PoolOptions) => pg.Client }).Client;
      const side = new Client(pool.options);
      await side.connect();
      const result = plain(await side.query('SELECT 1 AS x'));
      await side.end();
      return [result, side instanceof pg.Client, counters(pool)];
    },
  },
  {
    name: 'what it is, and what its options show',
    options: { max: 7, application_name: 'the app' },
    script: async (pool) => {
      const { host, port, user, database, max, min, maxUses, allowExitOnIdle, idleTimeoutMillis } =
        pool.options as pg.PoolOptions & pg.PoolConfig;
      const shown = { host, port, user, database, max, min, maxUses, allowExitOnIdle, idleTimeoutMillis };
      const name = plain(await pool.query('SHOW application_name'));
      return [
        shown,
        name,
        pool instanceof pg.Pool,
        pool.constructor.name.includes('Pool'),
        'password' in { ...pool.options },
      ];
    },
  },
];
