import type { Call } from '@steadfast/check';
import { expect, it } from 'vitest';
import type { ClientSpec } from '../clients/client.ts';
import { judge } from './judge.ts';

const ours: ClientSpec = { name: 'x/y', library: 'redis', ours: true, route: 'sentinels', safe: [] };
const call = (id: string, kind: string, as: 'ok' | 'unknown'): Call => ({
  id,
  kind,
  writer: 0,
  deadlineMs: 10,
  began: 0,
  end: as === 'ok' ? { as, at: 1e6, epoch: undefined } : { as, at: 100e6, error: 'x' },
});
const run = { endedAt: 1e9, serversKeep: false, stalls: [] };

it('judges each kind of work by the checker that fits it, and adds up', () => {
  const calls = [
    call('a', 'incr', 'ok'),
    call('b', 'rpush', 'ok'),
    call('c', 'rpush', 'ok'),
    call('d', 'once', 'unknown'),
  ];
  const found = { ids: { rpush: ['b', 'b'], once: ['d'] }, counters: { incr: 2 } };
  expect(judge(ours, calls, found, run)).toEqual({
    lost: 1,
    doubled: 2,
    unexpected: 0,
    unresolved: 1,
    late: 1,
    stale: 0,
    verdicts: { incr: 'invalid', rpush: 'invalid', once: 'invalid', deadline: 'invalid', fencing: 'unknown' },
  });
});

it('excuses no loss of a client that acknowledges only what is kept', () => {
  const calls = [call('a', 'rpush', 'ok')];
  const found = { ids: { rpush: [] }, counters: {} };
  expect(judge(ours, calls, found, run).verdicts).toMatchObject({ rpush: 'unknown' });
  expect(judge({ ...ours, keeps: true }, calls, found, run).verdicts).toMatchObject({ rpush: 'invalid' });
});
