import { expect } from 'vitest';
import { judge, type Write, type Writers } from '../support/writers.ts';

/** A library at its real work on one of the clients, through a failover. */
export interface Library<Client> {
  readonly name: string;
  /** Sets up what the library needs, and begins to work; `run` names the failover, for tables and queues of its own. */
  begin(client: () => Client, run: string): Promise<LibraryRun>;
}

export interface LibraryRun {
  /** resolves when a piece of work that ended after `since` was acknowledged */
  worksAfter(since: number): Promise<unknown>;
  /**
   * Ends the load, waits for what is in flight, and expects the work to be right; then closes what it opened. At most `mayFail`
   * plain writes may have failed: those that were in flight when the primary went.
   */
  expectRight(mayFail: number): Promise<void>;
}

/**
 * Redis replicates asynchronously: what it acknowledged in the last moment before a promotion, a machine's pause long, may be
 * lost. Writes that nobody holds back lose a second's worth, which is 50 to 100 here.
 */
export const REDIS_TAIL = 5;

/** How long work may take to go on after a failover that has happened, and to end once the load has. */
export const GRACE_MS = 30_000;

/**
 * Plain writes through a library: nothing acknowledged is lost, nothing is there twice, nothing that was refused is there, and
 * only what was in flight at the fault failed, with an outcome.
 */
export function expectHonest(
  writes: readonly Write[],
  found: readonly string[],
  mayFail: number,
  mayLose = 0,
): void {
  const { lost, doubled, unexpected, outcomes } = judge(writes, found);
  expect({ doubled, unexpected }).toEqual({ doubled: [], unexpected: [] });
  expect(lost.length, `lost: ${lost.join(', ')}`).toBeLessThanOrEqual(mayLose);
  const unlabelled = writes.filter(({ outcome }) => outcome === 'none').map(({ error }) => error);
  expect(unlabelled).toEqual([]);
  const { ok = 0, ...failed } = outcomes;
  expect(ok).toBeGreaterThan(0);
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0);
  expect(failures, describeFailures(writes)).toBeLessThanOrEqual(mayFail);
}

/** Work that waits through the failover, and is never in doubt. */
export function expectNoError(writers: Writers): void {
  expect(describeFailures(writers.writes)).toBe('');
  expect(writers.writes.length).toBeGreaterThan(0);
}

function describeFailures(writes: readonly Write[]): string {
  const failed = writes.filter(({ outcome }) => outcome !== 'ok');
  return failed.map(({ id, outcome, error }) => `${id}: ${outcome}, ${String(error)}`).join('\n');
}
