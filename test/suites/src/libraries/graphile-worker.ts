import { isHaError, outcomeOf, type HaPool } from '@steadfast/pg-ha';
import { EventEmitter } from 'node:events';
import { Logger, makeWorkerUtils, run as runWorker, type WorkerEvents } from 'graphile-worker';
import type { PoolClient } from 'pg';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { expectHonest, GRACE_MS, type Library } from './library.ts';

/**
 * graphile-worker repeats getting, completing and failing a job on the codes that it knows; other errors end the process
 * (completing) or the worker. All three may be repeated, so a connection of its pool says 40001 where a failover ended them.
 */
function repeatable(client: PoolClient, onUnknown: () => void): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((...args: unknown[]) => {
    const result = query(...args);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      const failover =
        isHaError(error) || ['25006', '57P01', '57P02'].includes((error as { code: string }).code);
      if (!failover) throw error;
      if (outcomeOf(error) === 'unknown') onUnknown();
      throw Object.assign(new Error('ended by a failover', { cause: error }), { code: '40001' });
    });
  }) as typeof client.query;
}

/** Jobs are added and run all the time, woken by LISTEN; each that was acknowledged is run. */
export const withGraphileWorker: Library<HaPool> = {
  name: 'graphile-worker',
  async begin(connect, run) {
    const pool = connect();
    const workerPool = connect();
    // What graphile-worker asks of a pool that it is given.
    for (const given of [pool, workerPool]) {
      given.on('error', () => undefined);
      given.on('connect', (client) => client.on('error', () => undefined));
    }
    // A job that was taken when the answer was lost stays locked, for four hours if nobody unlocks it.
    let taken = false;
    workerPool.on('connect', (client) => repeatable(client, () => (taken = true)));
    const schema = `worker_${run}`;
    const logger = new Logger(() => () => undefined);
    const done: string[] = [];
    const events: WorkerEvents = new EventEmitter();
    let listening = 0;
    events.on('pool:listen:success', () => (listening += 1));
    const ids: string[] = [];
    events.on('pool:create', ({ workerPool: { id } }) => ids.push(id));
    const utils = await makeWorkerUtils({ pgPool: pool, schema, logger });
    await utils.migrate();
    workerPool.on('topology', () => {
      if (!taken || !workerPool.primary) return;
      taken = false;
      void utils.forceUnlockWorkers(ids);
    });
    const runner = await runWorker({
      pgPool: workerPool,
      schema,
      logger,
      events,
      concurrency: 2,
      pollInterval: 1_000,
      noHandleSignals: true,
      taskList: { job: (payload) => void done.push((payload as { id: string }).id) },
    });

    const adds = startWriters((id) => utils.addJob('job', { id }), 40);
    return {
      worksAfter: (since) => adds.acknowledgedAfter(since, GRACE_MS),
      async expectRight(mayFail) {
        await adds.stop(GRACE_MS);
        const acknowledged = adds.writes.filter(({ outcome }) => outcome === 'ok').map(({ id }) => id);
        const missing = (): string[] => {
          const ran = new Set(done);
          return acknowledged.filter((id) => !ran.has(id));
        };
        await expect.poll(missing, { timeout: GRACE_MS, interval: 100 }).toEqual([]);
        expectHonest(adds.writes, [...new Set(done)], mayFail);
        expect(listening, 'LISTEN was made again').toBeGreaterThan(1);
        await utils.release();
        await runner.stop();
        await Promise.all([pool.end(), workerPool.end()]);
      },
    };
  },
};
