import { expect, it } from 'vitest';
import { workerEnv } from './work.ts';

it('a worker does not hear what the shell says to pg: ours would not, and a stock client would', () => {
  const shell = { PATH: '/bin', PGSSLMODE: 'require', PGHOST: 'elsewhere', PGPASSFILE: '/home/x/.pgpass' };
  expect(workerEnv(shell)).toEqual({ PATH: '/bin', PGPASSFILE: '/home/x/.pgpass' });
});
