import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { HoldGate } from './hold-gate.ts';

const selected = { is: 'selected', replica: { host: 'b', port: 1 }, step: '+selected-slave' } as const;

describe('the gate of the hold', () => {
  it('tells its clients, and ends in time', async () => {
    const clock = new ManualClock();
    const gate = new HoldGate({ clock, enabled: true, maxMs: 500, primary: () => 'a:1', sentinels: () => 3 });
    const told: string[] = [];
    gate.onChange(() => told.push(`${clock.now()} ${gate.holding ? 'holding' : 'open'}`));
    gate.hear(selected, 's1');
    gate.hear(selected, 's1');
    expect(gate.holding).toBe(true);
    await clock.advance(1_000);
    expect(told).toEqual(['0 holding', '501 open']);
    expect(clock.pending).toBe(0);
  });

  it('waits a while longer for the choice, and tells why', async () => {
    const clock = new ManualClock();
    const gate = new HoldGate({
      clock,
      enabled: true,
      maxMs: 5_000,
      primary: () => 'a:1',
      sentinels: () => 3,
    });
    const told: string[] = [];
    gate.onChange(() => told.push(`${clock.now()} ${gate.holding ? gate.why : 'open'}`));
    const down = { is: 'down', agreed: false, master: { host: 'a', port: 1 }, step: '+sdown' } as const;
    gate.hear(down, 's1');
    gate.hear(down, 's2');
    await clock.advance(600);
    gate.hear(selected, 's1');
    await clock.advance(6_000);
    expect(told).toEqual([
      '0 the sentinels agree that they miss the master',
      '600 writes are held for a failover',
      '5601 open',
    ]);
    gate.hear(down, 's3');
    expect(gate.holding).toBe(false);
    expect(clock.pending).toBe(0);
  });

  it('does nothing where it is turned off', () => {
    const gate = new HoldGate({
      clock: new ManualClock(),
      enabled: false,
      maxMs: 500,
      primary: () => 'a:1',
      sentinels: () => 3,
    });
    gate.hear(selected, 's1');
    expect(gate.holding).toBe(false);
  });

  it('holds for missing replicas too, until both reasons are gone', () => {
    const gate = new HoldGate({
      clock: new ManualClock(),
      enabled: true,
      maxMs: 500,
      primary: () => 'a:1',
      sentinels: () => 3,
    });
    const told: string[] = [];
    gate.onChange(() => told.push(gate.holding ? gate.why : 'open'));
    gate.replicasMissing(true);
    gate.replicasMissing(true);
    gate.hear(selected, 's1');
    gate.replicasMissing(false);
    gate.leave();
    expect(told).toEqual([
      'no replica confirms that it gets what the master acknowledges',
      'writes are held for a failover',
      'writes are held for a failover',
      'open',
    ]);
    gate.close();
  });
});
