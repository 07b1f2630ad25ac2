import type { Call } from '@steadfast/check';
import { expect, it } from 'vitest';
import type { ClientSpec } from '../clients/client.ts';
import { OPENED } from '../clients/plans.ts';
import { judge, type Found } from './judge.ts';

const ours: ClientSpec = {
  name: 'x/y',
  library: 'redis',
  ours: true,
  route: 'sentinels',
  safe: ['once', 'append'],
};
const call = (id: string, kind: string, as: 'ok' | 'unknown'): Call => ({
  id,
  kind,
  writer: 0,
  deadlineMs: 10,
  began: 0,
  end: as === 'ok' ? { as, at: 1e6, epoch: undefined } : { as, at: 100e6, error: 'x' },
});
const run = { samples: [], endedAt: 1e9, serversKeep: false, stalls: [] };
const judged = (spec: ClientSpec, calls: readonly Call[], found: Found) =>
  judge({ spec, calls, found, ...run });

it('judges each kind of work by the checker that fits it, and adds up', () => {
  const calls = [
    call('a', 'incr', 'ok'),
    call('b', 'rpush', 'ok'),
    call('c', 'rpush', 'ok'),
    call('d', 'once', 'unknown'),
  ];
  const found = { ids: { rpush: ['b', 'b'], once: ['d'] }, counters: { incr: 2 } };
  expect(judged(ours, calls, found)).toMatchObject({
    lost: 1,
    doubled: 2,
    unexpected: 0,
    unresolved: 1,
    late: 1,
    stale: 0,
    verdicts: { incr: 'invalid', rpush: 'invalid', once: 'invalid', deadline: 'invalid' },
    findings: [
      { checker: 'rpush', name: 'lost', count: 1, calls: ['c'] },
      { checker: 'rpush', name: 'doubled', count: 1, calls: ['b'] },
      { checker: 'once', name: 'unresolved', count: 1, calls: ['d'] },
      { checker: 'incr', name: 'doubled', count: 1, calls: [], what: '2 instead of 1 to 1' },
      { checker: 'deadline', name: 'late', count: 1, calls: ['d'] },
    ],
  });
});

it('excuses no loss of a client that acknowledges only what is kept', () => {
  const calls = [call('a', 'rpush', 'ok')];
  const found = { ids: { rpush: [] }, counters: {} };
  expect(judged(ours, calls, found).verdicts).toMatchObject({ rpush: 'unknown' });
  expect(judged({ ...ours, keeps: true }, calls, found).verdicts).toMatchObject({ rpush: 'invalid' });
});

const done = (id: string, kind: string, intent: unknown, value: unknown, began = 0): Call => ({
  ...call(id, kind, 'ok'),
  intent,
  began: began * 1e6,
  end: { as: 'ok', at: (began + 1) * 1e6, epoch: 1, value },
});

it('judges lists, accounts, sessions and bounds, and says by which call each is wrong', () => {
  const spec: ClientSpec = { ...ours, library: 'pg', bounds: { sockets: { most: 3 } } };
  const calls = [
    done('a', 'append', [['append', 'x', 'a/0']], [['append', 'x', 'a/0']]),
    done('b', 'append', [['read', 'x']], [['read', 'x', []]], 5),
    done('c', 'transfer', { from: 'account-0', to: 'account-1', amount: 5 }, { moved: true }),
    done('d', 'audit', undefined, { ...OPENED, 'account-0': 95 }),
    done('e', 'session', { writes: 1 }, { read: 0 }),
    done('f', 'session', { writes: 2 }, { read: 2 }, 5),
    done('g', 'session-read', undefined, { read: 1 }, 10),
  ];
  const found = {
    ids: {},
    counters: {},
    lists: { x: ['a/0', 'a/0'] },
    balances: { ...OPENED, 'account-0': 95, 'account-1': 105 },
  };
  const samples = [{ event: 'sample', at: 0, values: { sockets: 4 } }] as const;
  const { findings, verdicts, doubled } = judge({ spec, calls, found, ...run, samples });
  expect(findings.map(({ checker, name, calls: by }) => [checker, name, ...by].join(' '))).toEqual([
    'append doubled a',
    'append stale a b',
    'bank wrong-sum d',
    'monotonic backwards f g',
    'read-your-writes own-write-missing e',
    'bounds sockets',
  ]);
  expect(verdicts).toMatchObject({
    append: 'invalid',
    bank: 'invalid',
    monotonic: 'unknown',
    bounds: 'invalid',
  });
  expect(doubled).toBe(1);
});

it('a proof that ends unknown is no proof, whatever its lists say', () => {
  const intent = [['append', 'x', 'd/0']];
  const calls = [{ ...call('d', 'append', 'unknown'), intent }];
  const { verdicts, unresolved } = judged(ours, calls, { ids: {}, counters: {}, lists: { x: ['d/0'] } });
  expect([verdicts['append'], unresolved]).toEqual(['invalid', 1]);
});
