import type { Pool } from 'pg';
import { applyObservation, emptyTopology, type Seat } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { poolHealth } from './health.ts';

const endpoint = { host: 'p', port: 1 };
const empty = emptyTopology('self', [endpoint], 0);
const followed = applyObservation(empty, { kind: 'self', endpoint, role: 'primary', at: 1 });
const pool = { totalCount: 0, idleCount: 0, waitingCount: 0, options: { max: 1 } } as unknown as Pool;

describe('a pool is ready', () => {
  const standby = { member: 'a:1', state: 'answering', role: 'replica' } as const;
  const rows = [
    ['while a primary is followed', followed, 'steady', undefined, true],
    ['not while none is', empty, 'searching', undefined, false],
    ['for reads, where a standby answers', empty, 'searching', [standby], true],
    ['not once it has been ended, though its last primary is known', followed, 'closed', undefined, false],
    ['not for reads either then', empty, 'closed', [standby], false],
  ] as const;
  it.each(rows)('%s', (_what, topology, state, members, ready) => {
    const monitor = { topology, state, waiting: 0, breaker: { open: false } } as unknown as Seat;
    expect(poolHealth(monitor, new ManualClock(10), pool, members).ready).toBe(ready);
  });
});

it('says why nobody is followed, where no question has failed but a server is not there', () => {
  const reason = 'connect ECONNREFUSED';
  const gone = applyObservation(empty, { kind: 'unreachable', endpoint, reason, at: 1 });
  const lastErrorOf = (topology: typeof empty, trouble?: Error): string | undefined => {
    const monitor = { topology, trouble, state: 'searching', waiting: 0, breaker: { open: false } };
    return poolHealth(monitor as unknown as Seat, new ManualClock(10), pool).lastError;
  };
  expect(lastErrorOf(gone)).toBe('p:1 unknown (connect ECONNREFUSED)');
  expect(lastErrorOf(gone, new Error('Patroni is silent'))).toContain('Patroni is silent');
  expect(lastErrorOf(followed)).toBeUndefined();
});
