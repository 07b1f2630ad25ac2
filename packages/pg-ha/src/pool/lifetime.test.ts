import { EventEmitter } from 'node:events';
import { seededRandom } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { spreadLifetimes } from './lifetime.ts';

/** A pool as far as lifetimes are concerned: what is closed is noted with its time. */
function setup(jitterPercent: number): { clock: ManualClock; pool: FakePool; closed: number[] } {
  const clock = new ManualClock();
  const closed: number[] = [];
  const pool = new FakePool(() => closed.push(clock.now()));
  spreadLifetimes(pool as unknown as Pool, jitterPercent, { clock, random: seededRandom(7) });
  return { clock, pool, closed };
}

class FakePool extends EventEmitter {
  readonly options = { maxLifetimeSeconds: 100 };
  readonly _idle: { client: EventEmitter }[] = [];
  readonly _expired = new WeakSet<object>();
  readonly _remove: () => void;

  constructor(remove: () => void) {
    super();
    this._remove = remove;
  }
}

describe('maxLifetimeJitterPercent', () => {
  it('ends connections that were opened together one after the other, none later than pg-pool does', async () => {
    const { clock, pool, closed } = setup(20);
    for (let n = 0; n < 50; n++) {
      const client = new EventEmitter();
      pool._idle.push({ client });
      pool.emit('connect', client);
    }
    await clock.advance(100_000);
    expect(closed).toHaveLength(50);
    expect(Math.min(...closed)).toBeGreaterThanOrEqual(80_000);
    expect(new Set(closed.map((at) => Math.floor(at / 1_000))).size).toBeGreaterThan(10);
  });

  it('leaves one in use until it is given back, and forgets one that has ended', async () => {
    const { clock, pool, closed } = setup(20);
    const [busy, gone] = [new EventEmitter(), new EventEmitter()];
    pool.emit('connect', busy);
    pool.emit('connect', gone);
    gone.emit('end');
    expect(clock.pending).toBe(1);
    await clock.advance(100_000);
    expect(closed).toEqual([]);
    expect(pool._expired.has(busy)).toBe(true);
  });

  it('does nothing where it is 0, as by default', () => {
    const { pool } = setup(0);
    expect(pool.listenerCount('connect')).toBe(0);
  });
});
