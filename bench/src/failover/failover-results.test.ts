import type { FaultRun, Observed } from '@steadfast/campaign';
import { describe, expect, it } from 'vitest';
import { resultsOf } from './failover-results.ts';

const AT = 50_000;

const client = (
  name: string,
  outageMs?: number,
  more: Partial<FaultRun['clients'][number]> = {},
): FaultRun['clients'][number] => ({
  client: name,
  ends: { insert: { ok: 9, fail: 1, unknown: 2, open: 0 }, read: { ok: 5, fail: 0, unknown: 1, open: 1 } },
  errors: {},
  ...(outageMs !== undefined && { outageMs }),
  lost: 0,
  doubled: 3,
  unexpected: 0,
  unresolved: 0,
  late: 0,
  stale: 0,
  longestMs: 1,
  stalledMs: 0,
  verdicts: {},
  findings: [],
  history: '',
  highest: {},
  ...more,
});

const run = (...clients: FaultRun['clients'][number][]): FaultRun => ({
  setting: 'sync-on',
  fault: 'crash',
  repetition: 1,
  serverMs: 4_000,
  clients,
  troubles: [],
});

const observed: Observed = {
  fault: { name: 'crash', meaning: 'the host dies' },
  instants: { faultAt: AT, healedAt: AT + 5_000, wholeAt: AT + 20_000 },
  until: AT + 30_000,
  seen: [
    { kind: 'pg-writable', at: AT - 40_000, member: 'h1', timeline: 1 },
    { kind: 'haproxy-routes', at: AT - 39_000, member: 'h1' },
    { kind: 'dns-says', at: AT - 38_000, which: 'postgres', member: 'h1' },
    { kind: 'dns-says', at: AT - 37_000, which: 'redis', member: 'h3' },
    { kind: 'pg-not-writable', at: AT + 10, member: 'h1', lastWriteAt: AT },
    { kind: 'haproxy-down', at: AT + 1_000 },
    { kind: 'pg-writable', at: AT + 4_000, member: 'h2', timeline: 2 },
    { kind: 'haproxy-routes', at: AT + 4_500, member: 'h2' },
    { kind: 'dns-says', at: AT + 5_000, which: 'postgres', member: 'h2' },
  ],
};

const lanesOf = (name: string, outageMs?: number): string[] =>
  (resultsOf(run(client(name, outageMs)), observed)[0]?.timeline ?? []).map(
    ({ lane, what, from, to }) => `${lane} ${what} ${from} to ${to}`,
  );

describe('what a failover cost a client', () => {
  it('is counted over all kinds of its work', () => {
    expect(resultsOf(run(client('pg-ha/haproxy', 4_550)), observed)).toMatchObject([
      {
        target: 'haproxy',
        client: 'pg-ha',
        fault: 'crash',
        setting: 'sync-on',
        serverWindowMs: 4_000,
        clientWindowMs: 4_550,
        failed: 1,
        unknown: 3,
        stuck: 1,
        doubled: 3,
      },
    ]);
  });

  it.each([
    [
      'through HAProxy',
      'pg-ha/haproxy',
      [
        'primary h1 -1000 to 10',
        'primary h2 4000 to 6550',
        'haproxy h1 -1000 to 1000',
        'haproxy h2 4500 to 6550',
        'client writes -1000 to 0',
        'client waits 0 to 4550',
        'client writes 4550 to 6550',
      ],
    ],
    [
      'by name, which Redis has one of its own',
      'pg-ha/managed',
      [
        'primary h1 -1000 to 10',
        'primary h2 4000 to 6550',
        'dns h1 -1000 to 5000',
        'dns h2 5000 to 6550',
        'client writes -1000 to 0',
        'client waits 0 to 4550',
        'client writes 4550 to 6550',
      ],
    ],
  ])('is drawn on one axis, from shortly before the fault: %s', (_, name, lanes) => {
    expect(lanesOf(name, 4_550)).toEqual(lanes);
  });

  it('is no wait where no outage was seen', () => {
    expect(lanesOf('pg-ha/patroni')).toEqual([
      'primary h1 -1000 to 10',
      'primary h2 4000 to 6000',
      'client writes -1000 to 0',
    ]);
  });

  it('is a wait until the end where the client never wrote again, and said to be one', () => {
    const [result] = resultsOf(run(client('pg-ha/patroni', undefined, { never: true })), observed);
    expect(result).toMatchObject({ never: true, clientWindowMs: undefined });
    expect(result?.timeline.at(-1)).toEqual({ lane: 'client', what: 'waits', from: 0, to: 30_000 });
  });
});
