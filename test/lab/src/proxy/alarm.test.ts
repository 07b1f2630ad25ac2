import { afterEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../monotonic.ts';
import { Alarm } from './alarm.ts';

describe('an alarm', () => {
  const alarms: Alarm[] = [];
  const alarm = (): Alarm => {
    const made = new Alarm();
    alarms.push(made);
    return made;
  };
  afterEach(() => Promise.all(alarms.splice(0).map((each) => each.stop())));

  it('wakes in the order of the instants, never early, and as often as it is set', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const woken: string[] = [];
    const early: string[] = [];
    const it = alarm();
    const from = monotonicMs();
    const wake = (name: string, inMs: number, then?: () => void): void => {
      it.at(from + inMs, () => {
        woken.push(name);
        if (monotonicMs() < from + inMs) early.push(name);
        then?.();
      });
    };
    wake('third', 30.25, () => wake('fourth', 30.5, resolve));
    wake('first', 5.1);
    wake('second', 5.2);
    await promise;
    expect({ woken, early }).toEqual({ woken: ['first', 'second', 'third', 'fourth'], early: [] });
  });

  it('does not run what was called off', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let ran = false;
    const it = alarm();
    const off = it.at(monotonicMs() + 2, () => (ran = true));
    off();
    it.at(monotonicMs() + 4, resolve);
    await promise;
    expect(ran).toBe(false);
  });
});
