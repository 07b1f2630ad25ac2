import { ManualClock } from '@steadfast/shared/testing';
import {
  emptyTopology,
  HaError,
  systemRandom,
  type Topology,
  type TopologyListener,
} from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { acquireLock } from './acquire.ts';
import type { LockOptions } from './lock-options.ts';
import type { Lock } from './lock.ts';
import { ACQUIRE, EXTEND, RELEASE } from './scripts.ts';

const at = { host: 'h1', port: 6379 };
const primary = { endpoint: at, role: 'primary', observedAt: 0 } as const;

function following(generation: number): Topology {
  const leadership = { at: 'following', primary } as const;
  return { ...emptyTopology('nominated', [], 0), generation, leadership };
}

/** A server that answers by script, a clock that is moved, and a primary that is changed by hand. */
function setUp(answers: { acquire?: unknown; extend?: () => unknown; delayMs?: number } = {}): {
  clock: ManualClock;
  sent: string[];
  lock: (options?: LockOptions) => Promise<Lock>;
  change: (next: Topology) => void;
  /** as `change`, and told to nobody */
  changeUnheard: (next: Topology) => void;
  end: () => void;
} {
  const clock = new ManualClock();
  const sent: string[] = [];
  const names = new Map([
    [ACQUIRE.sha, 'acquire'],
    [EXTEND.sha, 'extend'],
    [RELEASE.sha, 'release'],
  ]);
  const listeners = new Set<TopologyListener>();
  const ends = new Set<() => void>();
  const onEnd = (listener: () => void): (() => void) => {
    ends.add(listener);
    return () => void ends.delete(listener);
  };
  const known = { topology: following(1) };
  const reply = (name: string): unknown => {
    if (name === 'acquire') return answers.acquire ?? [1, '7'];
    return name === 'extend' ? (answers.extend?.() ?? 1) : 1;
  };
  const send = (command: DriverCommand): Promise<unknown> => {
    const name = names.get(String(command.args[0])) ?? '?';
    sent.push(name);
    return new Promise((resolve) => clock.timer(answers.delayMs ?? 0, () => resolve(reply(name))));
  };
  const monitor = {
    get topology() {
      return known.topology;
    },
    whenPrimary: (_: unknown, signal?: AbortSignal) => {
      if (known.topology.leadership.at === 'following') return Promise.resolve(primary);
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () =>
          reject(new HaError('HA_ABORTED', 'aborted', { outcome: 'notSent' })),
        ),
      );
    },
    onChange(listener: TopologyListener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const log = { debug: () => undefined };
  const host = { keyPrefix: '', failoverWaitMs: 30_000, send };
  const group = (): ReplicationGroup => ({ monitor, log }) as unknown as ReplicationGroup;
  return {
    clock,
    sent,
    lock: (options = {}) => acquireLock({ host, group, onEnd, clock, random: systemRandom }, 'a', options),
    end: () => ends.forEach((listener) => listener()),
    changeUnheard: (next) => (known.topology = next),
    change(next) {
      const previous = known.topology;
      known.topology = next;
      for (const listener of listeners) listener({ previous, next, reason: 'test' });
    },
  };
}

async function held(made: ReturnType<typeof setUp>, options: LockOptions = {}): Promise<Lock> {
  const acquiring = made.lock(options);
  await made.clock.advance(1);
  return acquiring;
}

const lost = { code: 'HA_LOCK_LOST', outcome: 'unknown' };

describe('a lock that is held', () => {
  it('has a fencing number, and is extended by itself until it is let go', async () => {
    const made = setUp();
    const lock = await held(made, { ttlMs: 3_000 });
    expect(lock.fencing).toBe(7);
    await made.clock.advance(10_000);
    expect(lock.signal.aborted).toBe(false);
    expect(made.sent.filter((name) => name === 'extend').length).toBeGreaterThanOrEqual(8);
    const released = lock.release();
    await made.clock.advance(1);
    expect(await released).toBe(true);
    made.sent.length = 0;
    await made.clock.advance(60_000);
    expect(made.sent).toEqual([]);
    expect(lock.signal.aborted).toBe(false);
  });

  it.each<[string, (made: ReturnType<typeof setUp>) => void]>([
    ['the primary changes', (made) => made.change(following(2))],
    ['there is no primary', (made) => made.change(emptyTopology('nominated', [], 0))],
    ['its client ends', (made) => made.end()],
  ])('is trusted no more when %s, at once', async (_, happens) => {
    const made = setUp();
    const lock = await held(made);
    happens(made);
    expect(lock.signal.reason).toMatchObject(lost);
    await expect(lock.extend()).rejects.toMatchObject(lost);
    expect(made.clock.pending).toBe(0);
  });

  it('stays trusted where only a replica has come or gone', async () => {
    const made = setUp();
    const lock = await held(made);
    made.change({ ...following(1), members: new Map() });
    expect(lock.signal.aborted).toBe(false);
  });

  it('ends a little before its time on the server does, where it cannot be extended', async () => {
    const made = setUp({ extend: () => Promise.reject(new Error('no')) });
    const lock = await held(made, { ttlMs: 1_000 });
    await made.clock.advance(985);
    expect(lock.signal.aborted).toBe(false);
    await made.clock.advance(6);
    expect(lock.signal.reason).toMatchObject(lost);
  });

  it('is known to have ended by whoever asks, also where a busy process has not got to its timers', async () => {
    const made = setUp();
    const lock = await held(made, { ttlMs: 1_000 });
    const now = made.clock.now.bind(made.clock);
    made.clock.now = () => now() + 1_000;
    expect(lock.signal.reason).toMatchObject(lost);
    await expect(lock.extend()).rejects.toMatchObject(lost);
  });

  it('is lost when the server says that it is not ours', async () => {
    const made = setUp({ extend: () => 0 });
    const lock = await held(made, { ttlMs: 3_000 });
    await made.clock.advance(1_001);
    expect(lock.signal.reason).toMatchObject(lost);
  });

  it('runs out after maxMs', async () => {
    const made = setUp();
    const lock = await held(made, { ttlMs: 1_000, maxMs: 5_000 });
    await made.clock.advance(4_900);
    expect(lock.signal.aborted).toBe(false);
    await made.clock.advance(1_000);
    expect(lock.signal.reason).toMatchObject(lost);
  });
});

describe('getting a lock', () => {
  it('fails at once, or when the waiting ends, where somebody else holds it', async () => {
    const made = setUp({ acquire: [0, 5_000] });
    const busy = { code: 'HA_LOCK_BUSY', outcome: 'rejected' };
    const [now, later] = [made.lock(), made.lock({ waitMs: 2_000 })];
    const both = [expect(now).rejects.toMatchObject(busy), expect(later).rejects.toMatchObject(busy)];
    await made.clock.advance(2_100);
    await Promise.all(both);
    expect(made.sent.length).toBeGreaterThan(5);
    expect(made.sent.length).toBeLessThan(40);
  });

  it('gives it back where the answer came too late to be trusted', async () => {
    const made = setUp({ delayMs: 150 });
    const late = expect(made.lock({ ttlMs: 100 })).rejects.toMatchObject({ code: 'HA_LOCK_LOST' });
    await made.clock.advance(2_000);
    await late;
    expect(made.sent).toEqual(['acquire', 'release', 'acquire', 'release', 'acquire', 'release']);
  });

  it('gives it back where the primary has changed by the time that it is there', async () => {
    const made = setUp({ delayMs: 10 });
    const late = expect(made.lock()).rejects.toMatchObject({ code: 'HA_LOCK_LOST' });
    for (let generation = 2; generation < 50; generation++) {
      made.changeUnheard(following(generation));
      await made.clock.advance(2);
    }
    await late;
    expect(made.sent.filter((name) => name === 'release')).toHaveLength(3);
  });

  it('ends by its signal also while there is no primary', async () => {
    const made = setUp();
    made.change(emptyTopology('nominated', [], 0));
    const stop = new AbortController();
    const waiting = expect(made.lock({ signal: stop.signal })).rejects.toMatchObject({ code: 'HA_ABORTED' });
    await made.clock.advance(1);
    stop.abort();
    await waiting;
  });

  it('ends by its signal', async () => {
    const made = setUp({ acquire: [0, 5_000] });
    const stop = new AbortController();
    const waiting = expect(made.lock({ waitMs: 60_000, signal: stop.signal })).rejects.toMatchObject({
      code: 'HA_ABORTED',
    });
    await made.clock.advance(100);
    stop.abort();
    await made.clock.advance(1);
    await waiting;
  });

  it.each<[string, LockOptions]>([
    ['ttlMs', { ttlMs: 1 }],
    ['waitMs', { waitMs: -1 }],
    ['maxMs', { ttlMs: 1_000, maxMs: 999 }],
  ])('refuses a wrong %s', async (name, options) => {
    const wrong = { code: 'HA_CONFIG', message: expect.stringContaining(name) as string };
    await expect(setUp().lock(options)).rejects.toMatchObject(wrong);
  });
});
