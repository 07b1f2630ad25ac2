import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Violation } from './world/world.ts';

/** What came of many schedules. */
export interface Sum {
  ok: number;
  failed: number;
  events: number;
  simulatedMs: number;
  /** how long after a promotion it was followed, ms: where the client searched, and nothing else was wrong */
  followMs: number[];
  failures: { seed: number; strategy: string; violation: Violation }[];
}

/** One thread's share: every `step`-th seed from `first` on, below `end`. */
export interface Share {
  first: number;
  end: number;
  step: number;
}

/** Plays the schedules of the seeds from `first` on, a thread for each processor (four at most). */
export async function playAll(first: number, schedules: number): Promise<Sum> {
  const threads = Math.min(4, availableParallelism());
  const shares = Array.from({ length: threads }, (_, n) => ({
    first: first + n,
    end: first + schedules,
    step: threads,
  }));
  const sums = await Promise.all(shares.map(play));
  const total: Sum = { ok: 0, failed: 0, events: 0, simulatedMs: 0, followMs: [], failures: [] };
  for (const sum of sums) {
    for (const key of ['ok', 'failed', 'events', 'simulatedMs'] as const) total[key] += sum[key];
    total.followMs.push(...sum.followMs);
    total.failures.push(...sum.failures);
  }
  total.followMs.sort((a, b) => a - b);
  total.failures.sort((a, b) => a.seed - b.seed);
  return total;
}

function play(share: Share): Promise<Sum> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./play-worker.ts', import.meta.url), { workerData: share });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (status) => reject(new Error(`a thread ended by itself (${status})`)));
  });
}
