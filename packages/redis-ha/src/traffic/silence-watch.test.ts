import { emptyTopology, type Topology, type TopologyListener } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { CallBack } from './call-back.ts';
import { SilenceWatch } from './silence-watch.ts';

const SILENCE_MS = 800;
const MASTER = { host: 'a', port: 1 };

class Bench {
  readonly clock = new ManualClock();
  readonly suspicions: string[] = [];
  readonly listeners = new Set<TopologyListener>();
  cuts = 0;
  topology: Topology = emptyTopology('nominated', [MASTER], 0);
  readonly watch: SilenceWatch;

  constructor() {
    const command = { name: 'set', args: [] } as unknown as DriverCommand;
    const group = {
      settings: { clock: this.clock },
      monitor: {
        topology: this.topology,
        suspect: (why: string) => this.suspicions.push(why),
        onChange: (listener: TopologyListener) => {
          this.listeners.add(listener);
          return () => this.listeners.delete(listener);
        },
      },
    };
    this.watch = new SilenceWatch({
      group: () =>
        ({ ...group, monitor: { ...group.monitor, topology: this.topology } }) as unknown as ReplicationGroup,
      dialer: { link: { socket: { bytesRead: 7 } }, cut: () => (this.cuts += 1) } as unknown as Dialer,
      driver: {
        commandQueue: { peekFront: () => ({ command }), peekBack: () => ({ command }) },
      } as unknown as DriverInternals,
      silenceMs: SILENCE_MS,
      giveUpMs: 60_000,
      doubt: () => undefined,
      trust: () => undefined,
      looked: () => undefined,
      callBack: { isDue: () => false, look: () => undefined } as unknown as CallBack,
      closing: () => false,
    });
    this.watch.start();
  }

  /** The master is out of reach, or has just said that it is one. */
  now(at: 'searching' | 'following'): void {
    const previous = this.topology;
    const observedAt = this.clock.now();
    const primary = { endpoint: MASTER, epoch: 1, observedAt };
    const leadership = at === 'following' ? ({ at, primary } as const) : { at, since: observedAt };
    this.topology = { ...previous, leadership } as unknown as Topology;
    for (const listener of this.listeners) listener({ previous, next: this.topology, reason: 'probe' });
  }
}

describe('a link that is silent with work on it', () => {
  it('is cut at once when a way to the master has healed, not at the next look', async () => {
    const bench = new Bench();
    await bench.clock.advance(2 * SILENCE_MS);
    expect(bench.suspicions).toHaveLength(1);
    bench.now('searching');
    await bench.clock.advance(3 * SILENCE_MS + 1);
    expect(bench.cuts).toBe(0);
    bench.now('following');
    expect(bench.cuts).toBe(1);
  });

  it('is left alone by news while nothing speaks against it', async () => {
    const bench = new Bench();
    await bench.clock.advance(SILENCE_MS / 2);
    bench.now('following');
    expect(bench.cuts).toBe(0);
  });

  it('is let alone once the watch is over', async () => {
    const bench = new Bench();
    await bench.clock.advance(3 * SILENCE_MS);
    bench.watch.stop();
    bench.now('following');
    expect([bench.cuts, bench.clock.pending, bench.listeners.size]).toEqual([0, 0, 0]);
  });
});
