import { describe, expect, it } from 'vitest';
import {
  claimName,
  meterOf,
  observe,
  type Attributes,
  type MeterLike,
  type ObserveCallback,
} from './meter.ts';

/** A meter that is collected by hand. */
class FakeMeter implements MeterLike {
  readonly callbacks = new Map<string, Set<ObserveCallback>>();

  createHistogram(): { record: () => void } {
    return { record: () => undefined };
  }

  createObservableGauge(name: string): ReturnType<MeterLike['createObservableGauge']> {
    return this.#observable(`gauge ${name}`);
  }

  createObservableCounter(name: string): ReturnType<MeterLike['createObservableGauge']> {
    return this.#observable(`counter ${name}`);
  }

  createObservableUpDownCounter(name: string): ReturnType<MeterLike['createObservableGauge']> {
    return this.#observable(`upDownCounter ${name}`);
  }

  collect(): [name: string, value: number, attributes: Attributes | undefined][] {
    const points: ReturnType<FakeMeter['collect']> = [];
    for (const [name, callbacks] of this.callbacks)
      for (const callback of callbacks)
        void callback({ observe: (value, attributes) => points.push([name, value, attributes]) });
    return points;
  }

  #observable(name: string): ReturnType<MeterLike['createObservableGauge']> {
    const callbacks = new Set<ObserveCallback>();
    this.callbacks.set(name, callbacks);
    return {
      addCallback: (callback) => void callbacks.add(callback),
      removeCallback: (callback) => void callbacks.delete(callback),
    };
  }
}

describe('metrics', () => {
  it('are read when they are collected, and no more once they are stopped', () => {
    const meter = new FakeMeter();
    let waiting = 0;
    const row = { unit: '1', description: 'x' };
    const stop = observe(
      meter,
      [
        { ...row, name: 'waiting', kind: 'upDownCounter', read: () => waiting },
        { ...row, name: 'epoch', kind: 'gauge', read: () => undefined },
        {
          ...row,
          name: 'count',
          kind: 'counter',
          read: () => [
            [1, { state: 'idle' }],
            [2, { state: 'used' }],
          ],
        },
      ],
      { pool: 'inbox' },
    );
    waiting = 7;
    expect(meter.collect()).toEqual([
      ['upDownCounter waiting', 7, { pool: 'inbox' }],
      ['counter count', 1, { pool: 'inbox', state: 'idle' }],
      ['counter count', 2, { pool: 'inbox', state: 'used' }],
    ]);
    stop();
    expect(meter.collect()).toEqual([]);
  });

  it('keep pools of one name apart, and use a name again that was given back', () => {
    const meter = new FakeMeter();
    const claims = ['inbox', 'inbox', 'other', 'inbox'].map((name) => claimName(meter, name));
    expect(claims.map(({ name }) => name)).toEqual(['inbox', 'inbox-2', 'other', 'inbox-3']);
    claims[1]?.release();
    expect(claimName(meter, 'inbox').name).toBe('inbox-2');
    expect(claimName(new FakeMeter(), 'inbox').name).toBe('inbox');
  });

  it('take a meter, or one from a provider, or nothing', () => {
    const meter = new FakeMeter();
    expect(meterOf(meter, 'x')).toBe(meter);
    expect(meterOf({ getMeter: (name: string) => (name === 'x' ? meter : undefined) }, 'x')).toBe(meter);
    expect(meterOf(undefined, 'x')).toBeUndefined();
  });

  it.each([true, 'yes', {}])('refuse %o, and say what is allowed', (given) => {
    expect(() => meterOf(given, 'x')).toThrow(
      expect.objectContaining({
        code: 'HA_CONFIG',
        message: expect.stringMatching(
          /^option metrics is .*; allowed: OpenTelemetry's Meter or MeterProvider$/,
        ) as string,
      }),
    );
  });
});
