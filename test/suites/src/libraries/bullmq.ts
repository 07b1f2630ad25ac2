import type { HaRedis } from '@steadfast/redis-ha';
import { Queue, Worker } from 'bullmq';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { expectHonest, GRACE_MS, REDIS_TAIL, type Library } from './library.ts';

/** Jobs are added and worked all the time; each that was acknowledged is completed. */
export const withBullMq: Library<HaRedis> = {
  name: 'BullMQ',
  async begin(connect, run) {
    const connection = connect();
    const errors: string[] = [];
    const queue = new Queue<{ id: string }>(`jobs-${run}`, { connection });
    const worked: string[] = [];
    // The worker waits for jobs on a connection of its own, a duplicate of the one it is given.
    const worker = new Worker<{ id: string }>(
      queue.name,
      ({ data }) => {
        worked.push(data.id);
        return Promise.resolve();
      },
      { connection, concurrency: 4, lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 10 },
    );
    queue.on('error', (error) => errors.push(error.message));
    worker.on('error', (error) => errors.push(error.message));

    const adds = startWriters((id) => queue.add('job', { id }, { jobId: id }), 20);
    return {
      worksAfter: (since) => adds.acknowledgedAfter(since, GRACE_MS),
      async expectRight(mayFail) {
        await adds.stop(GRACE_MS);
        const left = async (): Promise<number> => await queue.getJobCountByTypes('wait', 'active', 'delayed');
        await expect.poll(left, { timeout: GRACE_MS, interval: 100 }).toBe(0);
        // A job may be worked twice, where the answer to its end was lost: BullMQ calls it stalled.
        expectHonest(adds.writes, [...new Set(worked)], mayFail, REDIS_TAIL);
        expect(worked.length - new Set(worked).size, errors.join('\n')).toBeLessThanOrEqual(
          mayFail + REDIS_TAIL,
        );
        expect(await queue.getFailedCount()).toBe(0);
        await worker.close();
        await queue.close();
        await connection.quit();
      },
    };
  },
};
