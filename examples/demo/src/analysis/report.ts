import type { FaultName, ObserverEvent } from '@steadfast/lab';
import type { DemoFault } from '../faults.ts';
import type { CallKind, CallRecord, FailedOutcome } from '../load/call.ts';
import { clientWindow, writesOf } from './client-window.ts';
import { counterFindings, jobFindings, messageFindings, tally, type Finding } from './findings.ts';
import { latencyByKind, type Latency } from './latency.ts';
import { within, type Phase } from './phase.ts';
import { serverWindow, serverWindowMs, type Database } from './server-window.ts';
import { stepsBack } from './steps-back.ts';
import { judge, type Checks, type Verdict } from './verdict.ts';

/** Everything a run saw, before anything is concluded from it. */
export interface Run {
  readonly strategy: string;
  readonly synchronous: boolean;
  readonly rate: number;
  readonly seed: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly records: readonly CallRecord[];
  readonly events: readonly ObserverEvent[];
  readonly faults: readonly FaultRun[];
  readonly found: Found;
}

export interface FaultRun {
  readonly fault: DemoFault;
  readonly target: string;
  readonly phase: Phase;
  /** whether writes were possible again before the demo gave up waiting */
  readonly recovered: boolean;
  /** why the cluster was not whole again, where it was not */
  readonly unhealed?: string;
}

/** What stands in the databases, read directly: how often each key, or the value of each counter. */
export interface Found {
  readonly messages: ReadonlyMap<string, number>;
  readonly jobs: ReadonlyMap<string, number>;
  readonly counters: ReadonlyMap<string, number>;
}

export type Errors = Record<FailedOutcome, number>;

/** One fault as one database felt it. */
export interface FaultReport {
  readonly fault: FaultName;
  readonly database: Database;
  readonly title: string;
  /** the fault was meant for the other database */
  readonly beside: boolean;
  readonly target: string;
  readonly recovered: boolean;
  readonly oldPrimary: string | null;
  readonly newPrimary: string | null;
  /** negative: the old primary still took writes after the new one had begun to; null: no change was seen */
  readonly serverWindowMs: number | null;
  /** null: no write failed or waited */
  readonly clientWindowMs: number | null;
  readonly lagMs: number | null;
  readonly acknowledged: number;
  readonly errors: Errors;
  readonly lost: number;
  readonly doubled: number;
}

export interface Report {
  readonly strategy: string;
  readonly synchronous: boolean;
  readonly rate: number;
  readonly seed: number;
  readonly loadMs: number;
  readonly faults: readonly FaultReport[];
  readonly latencyMs: Record<CallKind, Latency>;
  readonly checks: Checks;
  /** messages that were stored while their job could not be queued */
  readonly untold: number;
  readonly passed: boolean;
  readonly broken: readonly string[];
}

export function report(run: Run): Report {
  const findings = {
    messages: messageFindings(run.records, run.found.messages),
    jobs: jobFindings(run.records, run.found.jobs),
    counters: counterFindings(run.records, run.found.counters),
  };
  const checks: Checks = {
    messages: tally(findings.messages),
    jobs: tally(findings.jobs),
    counters: tally(findings.counters),
  };
  const troubles = run.faults.flatMap(({ fault, recovered, unhealed }) => [
    ...(recovered ? [] : [`nobody took over after ${fault.name}`]),
    ...(unhealed === undefined ? [] : [`the cluster was not whole again after ${fault.name}: ${unhealed}`]),
  ]);
  const verdict: Verdict = judge(checks, {
    synchronous: run.synchronous,
    troubles: [...troubles, ...stepsBack(run.events)],
  });
  const byDatabase: Record<Database, Finding[]> = {
    postgres: findings.messages,
    redis: [...findings.jobs, ...findings.counters],
  };
  return {
    strategy: run.strategy,
    synchronous: run.synchronous,
    rate: run.rate,
    seed: run.seed,
    loadMs: run.endedAt - run.startedAt,
    faults: run.faults.flatMap((faultRun) => faultReports(run, faultRun, byDatabase)),
    latencyMs: latencyByKind(run.records),
    checks,
    untold: run.records.filter(
      ({ kind, result }) => kind === 'message' && result.ok && result.job !== 'queued',
    ).length,
    ...verdict,
  };
}

/** A host's crash may hit both databases: the other one gets a row of its own where anything happened to it. */
function faultReports(
  run: Run,
  faultRun: FaultRun,
  findings: Record<Database, readonly Finding[]>,
): FaultReport[] {
  const { database } = faultRun.fault;
  const other: Database = database === 'postgres' ? 'redis' : 'postgres';
  const own = faultReport(run, faultRun, database, findings[database]);
  const beside = faultReport(run, faultRun, other, findings[other]);
  const touched =
    beside.newPrimary !== null ||
    beside.lost > 0 ||
    beside.doubled > 0 ||
    Object.values(beside.errors).some((errors) => errors > 0);
  return touched ? [own, beside] : [own];
}

function faultReport(
  run: Run,
  { fault, target, phase, recovered }: FaultRun,
  database: Database,
  findings: readonly Finding[],
): FaultReport {
  const server = serverWindow(run.events, database, phase, run.strategy);
  const client = server && clientWindow(writesOf(database, run.records), phase, server);
  const sum = tally(findings.filter(({ at }) => within(phase, at)));
  const name = database === 'postgres' ? 'PostgreSQL' : 'Redis';
  return {
    fault: fault.name,
    database,
    title: database === fault.database ? fault.title : `${name}, hit by it too`,
    beside: database !== fault.database,
    target,
    recovered,
    oldPrimary: server?.oldPrimary ?? null,
    newPrimary: server?.newPrimary ?? null,
    serverWindowMs: (server && serverWindowMs(server)) ?? null,
    clientWindowMs:
      client?.firstAckAt === undefined ? null : Math.max(0, client.firstAckAt - client.firstAffectedAt),
    // Through HAProxy the app may well be served before the observers, who look now and then, see it routed.
    lagMs:
      client?.firstAckAt === undefined || !server ? null : Math.max(0, client.firstAckAt - server.writableAt),
    acknowledged: sum.acknowledged,
    errors: errorsOf(run.records, phase, database),
    lost: sum.lost,
    doubled: sum.doubled,
  };
}

/** Failed requests by outcome: messages and reads are PostgreSQL's, presence and counters Redis's. */
function errorsOf(records: readonly CallRecord[], phase: Phase, database: Database): Errors {
  const errors: Errors = { notSent: 0, rejected: 0, unknown: 0 };
  for (const { kind, endedAt, result } of records) {
    if (result.ok || !within(phase, endedAt)) continue;
    const from: Database = kind === 'message' || kind === 'read' ? 'postgres' : 'redis';
    if (from === database) errors[result.outcome] += 1;
  }
  return errors;
}
