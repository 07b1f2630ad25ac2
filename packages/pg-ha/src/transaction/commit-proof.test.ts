import { Deadline, HaError } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { expect, it } from 'vitest';
import type { PoolCore } from '../pool/pool-core.ts';
import { resolveCommit } from './commit-proof.ts';

it('a lost COMMIT is given up at once where the pool has been ended', async () => {
  const clock = new ManualClock();
  const closed = new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
  const monitor = { whenConfirmed: () => Promise.reject(closed), suspect: () => undefined };
  const core = { clock, monitor, random: { next: () => 0.5 } } as unknown as PoolCore;
  const lost = new Error('the answer was lost');
  await expect(
    resolveCommit(core, 'a-token', lost, Deadline.after(clock, 30_000), undefined),
  ).rejects.toMatchObject({ code: 'HA_COMMIT_UNRESOLVED', outcome: 'unknown', cause: lost });
  expect(clock.now()).toBe(0);
});
