import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { HaPoolOptions } from '@steadfast/pg-ha';
import { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { withScriptedPostgres } from './with-scripted-postgres.ts';

const { member, pool } = withScriptedPostgres();

const CALLERS = 32;
const QUERIES = 16_000;
/** Where something that lives long leads from each call to the next, half a kilobyte of each call and more outlives it. */
const AT_MOST = 150;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

type Query = () => Promise<unknown>;

async function run(query: Query, count: number, half?: () => void): Promise<void> {
  let left = count;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      await query();
      if (left === count / 2) half?.();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

/** Bytes a query that short collections move to the old space, where only long ones find them dead, and take their time. */
async function outlived(query: Query): Promise<number> {
  // A long collection moves all that is in use to the old space: what that comes to lead to lives as long.
  await run(query, QUERIES / 2, collect);
  const profiler = new GCProfiler();
  profiler.start();
  await run(query, QUERIES);
  const { statistics } = profiler.stop();
  const old = (heap: (typeof statistics)[number]['beforeGC']): number =>
    heap.heapSpaceStatistics.find(({ spaceName }) => spaceName === 'old_space')?.spaceUsedSize ?? 0;
  const short = statistics.filter(({ gcType }) => gcType === 'Scavenge');
  expect(short.length).toBeGreaterThan(0);
  return short.reduce((sum, { beforeGC, afterGC }) => sum + old(afterGC) - old(beforeGC), 0) / QUERIES;
}

describe('what a query leaves in memory, with more callers than connections for long', () => {
  it.each<[string, HaPoolOptions, number | undefined]>([
    ['by default', {}, undefined],
    ['with a deadline', {}, 10_000],
    ['prepared and on shared connections', { prepare: 'auto', pipelineDepth: 4 }, undefined],
  ])('dies as young as what it leaves with pg.Pool: %s', async (_, options, deadlineMs) => {
    const server = await member();
    const { host, port } = server;
    const stock = new Pool({ host, port, user: 'app', database: 'app' });
    const ours = pool([server], options);
    try {
      const theirs = await outlived(() => stock.query('SELECT 1'));
      const mine = await outlived(() => ours.query({ text: 'SELECT 1', ...(deadlineMs && { deadlineMs }) }));
      expect(mine).toBeLessThan(theirs + AT_MOST);
    } finally {
      await stock.end();
    }
  });
});
