import type { RedisWorkload, SqlWorkload } from './workload.ts';

/** Dial, log in, one question, hang up: what a short-lived process pays. */
export const connectSql: SqlWorkload = {
  library: 'pg',
  name: 'connect',
  title: 'connect-only: a connection of its own for each SELECT 1',
  connectEach: true,
  prepare: () => Promise.resolve(),
  operations: () => [
    { kind: 'connect', weight: 1, readOnly: true, run: (client) => client.query('SELECT 1') },
  ],
};

export const connectRedis: RedisWorkload = {
  library: 'redis',
  name: 'connect',
  title: 'connect-only: a connection of its own for each PING',
  connectEach: true,
  prepare: () => Promise.resolve(),
  operations: () => [{ kind: 'connect', weight: 1, readOnly: true, run: (client) => client.command('ping') }],
};
