import type { PoolClient } from 'pg';
import { Deadline } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { LeaseHolder } from './lease-holder.ts';

/** A pool with one connection that notes what is done to it; `hand` false: it is never handed out. */
function setup(hand: boolean): { clock: ManualClock; holder: LeaseHolder; done: string[] } {
  const clock = new ManualClock();
  const done: string[] = [];
  const client = { release: () => done.push('released'), abandon: () => done.push('cut') };
  const lease = (request: LeaseRequest): void => {
    if (hand) request.granted(client as unknown as PoolClient);
  };
  const core = { clock, servers: { lease } } as unknown as PoolCore;
  return { clock, done, holder: new LeaseHolder(core, { deadlineMs: 100 }, Deadline.after(clock, 100)) };
}

describe('the connections of one call', () => {
  it('are cut off when the caller’s end comes while one is held', async () => {
    const { clock, holder, done } = setup(true);
    await holder.lease();
    await clock.advance(100);
    expect(done).toEqual(['cut']);
  });

  it('are left alone once given back: by then they may be somebody else’s', async () => {
    const { clock, holder, done } = setup(true);
    await holder.lease();
    holder.release();
    await clock.advance(100);
    expect(done).toEqual(['released']);
    expect(holder.bound.ended).toBe(true);
  });

  it('are waited for no longer than the caller allowed', async () => {
    const { clock, holder } = setup(false);
    const failed = expect(holder.lease()).rejects.toMatchObject({ code: 'HA_DEADLINE', outcome: 'notSent' });
    await clock.advance(100);
    await failed;
    await expect(holder.lease()).rejects.toMatchObject({ code: 'HA_DEADLINE' });
  });
});
