import type { ObserverEvent } from '@steadfast/lab';
import { describe, expect, it } from 'vitest';
import { DEMO_FAULTS, type DemoFault } from '../faults.ts';
import type { CallKind, CallRecord, CallResult } from '../load/call.ts';
import { renderReport } from '../output/render-report.ts';
import { report, type Run } from './report.ts';

const OK: CallResult = { ok: true, job: 'queued' };
const UNKNOWN: CallResult = { ok: false, outcome: 'unknown', code: 'HA_CONNECTION_LOST' };

function call(kind: CallKind, key: string, dueAt: number, waitMs = 5, result: CallResult = OK): CallRecord {
  return {
    kind,
    key,
    dueAt,
    endedAt: dueAt + waitMs,
    result: kind === 'message' || !result.ok ? result : { ok: true },
  };
}

function fault(name: string): DemoFault {
  const found = DEMO_FAULTS.get(name);
  if (found === undefined) throw new Error(`no fault ${name}`);
  return found;
}

const EVENTS: ObserverEvent[] = [
  { kind: 'pg-writable', at: 1, member: 'h1', timeline: 1 },
  { kind: 'redis-writable', at: 1, member: 'h1' },
  { kind: 'pg-not-writable', at: 1_010, member: 'h1', lastWriteAt: 1_000 },
  { kind: 'pg-writable', at: 3_000, member: 'h2', timeline: 2 },
];

/** One crash at 1,000 whose new primary rises at 3,000; `c` counts two increments, the second of them unknown. */
function run(changes: Partial<Run> = {}): Run {
  return {
    strategy: 'patroni',
    synchronous: true,
    rate: 10,
    seed: 1,
    startedAt: 0,
    endedAt: 10_000,
    records: [
      call('message', 'a', 500),
      call('message', 'b', 1_100, 1_940),
      call('message', 'u', 1_001, 1_000, UNKNOWN),
      call('read', '', 1_200, 1_850),
      call('counter', 'c', 1_300),
      call('counter', 'c', 1_400, 5, UNKNOWN),
    ],
    events: EVENTS,
    faults: [
      {
        fault: fault('crash'),
        target: 'h1',
        phase: { from: 0, faultAt: 1_000, until: 9_000 },
        recovered: true,
      },
    ],
    found: {
      messages: new Map([
        ['a', 1],
        ['b', 1],
        ['u', 1],
      ]),
      jobs: new Map([
        ['a', 1],
        ['b', 1],
      ]),
      counters: new Map([['c', 1]]),
    },
    ...changes,
  };
}

describe('the report', () => {
  it('gives a fault its windows, acknowledged writes and errors by outcome', () => {
    const [crash] = report(run()).faults;
    expect(crash).toMatchObject({
      fault: 'crash',
      oldPrimary: 'h1',
      newPrimary: 'h2',
      serverWindowMs: 2_000,
      clientWindowMs: 2_039,
      lagMs: 40,
      acknowledged: 2,
      lost: 0,
      doubled: 0,
      errors: { notSent: 0, rejected: 0, unknown: 1 },
    });
  });

  it('gives the other database a row where the fault touched it, and none where it did not', () => {
    const touched = report(run()).faults;
    expect(touched.map(({ database, errors }) => [database, errors.unknown])).toEqual([
      ['postgres', 1],
      ['redis', 1],
    ]);
    const records = run().records.filter(({ kind, result }) => kind !== 'counter' || result.ok);
    expect(report(run({ records })).faults.map(({ database }) => database)).toEqual(['postgres']);
  });

  it('books a loss on the phase in which the write was due, and fails for it', () => {
    const found = {
      ...run().found,
      messages: new Map([
        ['a', 1],
        ['u', 2],
      ]),
    };
    const result = report(run({ found }));
    expect(result.faults[0]).toMatchObject({ lost: 1, doubled: 1 });
    expect(result.passed).toBe(false);
    expect(result.checks.messages).toMatchObject({ lost: 1, doubled: 1, unknown: 1, unknownApplied: 1 });
  });

  it('fails where the cluster did not come back', () => {
    const faults = run().faults.map((faultRun) => ({ ...faultRun, recovered: false }));
    expect(report(run({ faults })).broken).toEqual(['nobody took over after crash']);
  });

  it('fails where the cluster was not whole again, and says why', () => {
    const faults = run().faults.map((faultRun) => ({ ...faultRun, unhealed: 'no synchronous standby' }));
    expect(report(run({ faults })).broken).toEqual([
      'the cluster was not whole again after crash: no synchronous standby',
    ]);
  });

  it.each([1, 2])('says where the cluster itself forked, on timeline %i', (timeline) => {
    const events: ObserverEvent[] = [...EVENTS, { kind: 'pg-writable', at: 5_000, member: 'h1', timeline }];
    expect(report(run({ events })).broken).toEqual([
      `the cluster itself forked: h1 took writes on timeline ${timeline} after h2 had on timeline 2`,
    ]);
  });

  it('takes a primary that comes back on its own timeline for no fork', () => {
    const events: ObserverEvent[] = [
      ...EVENTS,
      { kind: 'pg-writable', at: 5_000, member: 'h2', timeline: 2 },
    ];
    expect(report(run({ events })).passed).toBe(true);
  });

  it('measures latency from when requests were due, the outage included', () => {
    const { latencyMs } = report(run());
    expect(latencyMs.message.count).toBe(3);
    expect(latencyMs.message.max).toBeGreaterThan(1_900);
    expect(latencyMs.presence).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });

  it('counts messages whose job could not be queued', () => {
    const records = [...run().records, call('message', 't', 6_000, 5, { ok: true, job: 'notSent' })];
    const found = {
      ...run().found,
      messages: new Map([
        ['a', 1],
        ['b', 1],
        ['u', 1],
        ['t', 1],
      ]),
    };
    expect(report(run({ records, found }))).toMatchObject({ untold: 1, passed: true });
  });

  it('survives JSON as it is', () => {
    const result = report(run());
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

describe('the printed result', () => {
  const text = (changes: Partial<Run> = {}): string => renderReport(report(run(changes))).join('\n');

  it('shows each fault in a line', () => {
    expect(text()).toMatch(/PostgreSQL crash +h1 → h2 +2\.00 s +2\.04 s +40 ms +2 +0 +0 +1 unknown/);
    expect(text()).toContain(
      'Kept: every one of 2 acknowledged messages is there, once. So is every job and increment.',
    );
  });

  it('says what broke', () => {
    const found = { ...run().found, messages: new Map([['a', 1]]) };
    expect(text({ found })).toContain('Broken: 1 acknowledged messages lost.');
    expect(text({ found })).not.toContain('Kept:');
  });

  it('explains what Redis lost', () => {
    const found = { ...run().found, jobs: new Map([['a', 1]]) };
    expect(text({ found })).toContain('Redis lost 1 acknowledged job and 0 acknowledged increments:');
    expect(text({ found })).toContain('Redis holds nothing twice.');
  });

  it('fits a terminal of 120 columns', () => {
    expect(
      text()
        .split('\n')
        .filter((line) => line.length > 120),
    ).toEqual([]);
  });
});
