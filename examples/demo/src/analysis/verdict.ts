import type { Tally } from './findings.ts';

export interface Checks {
  readonly messages: Tally;
  readonly jobs: Tally;
  readonly counters: Tally;
}

export interface Verdict {
  readonly passed: boolean;
  /** what broke a promise, one line each */
  readonly broken: readonly string[];
}

/**
 * `troubles` are what the cluster itself got wrong. PostgreSQL under synchronous replication must keep everything that was acknowledged, once. Redis replicates
 * asynchronously: what it loses in a failover is shown and no failure of the client, what it holds twice is.
 */
export function judge(checks: Checks, run: { synchronous: boolean; troubles: readonly string[] }): Verdict {
  const { messages, jobs, counters } = checks;
  const broken: string[] = [];
  const expectNone = (count: number, what: string): void => {
    if (count > 0) broken.push(`${count} ${what}`);
  };
  if (messages.acknowledged === 0) broken.push('not one message was acknowledged: nothing has been shown');
  if (run.synchronous) expectNone(messages.lost, 'acknowledged messages lost');
  expectNone(messages.doubled, 'messages doubled');
  expectNone(messages.contradicted, 'messages stored though their error said they were not');
  expectNone(jobs.doubled, 'jobs doubled');
  expectNone(jobs.contradicted, 'jobs queued though their error said they were not');
  expectNone(counters.doubled, 'counter increments doubled');
  expectNone(counters.contradicted, 'counter increments applied though their error said they were not');
  broken.push(...run.troubles);
  return { passed: broken.length === 0, broken };
}

export function exitCode(verdict: Verdict): 0 | 1 {
  return verdict.passed ? 0 : 1;
}
