import { afterEach, describe, expect, it, vi } from 'vitest';
import { HaError } from '../errors/ha-error.ts';
import { systemClock } from '../runtime/clock.ts';
import { sleep } from '../runtime/sleep.ts';
import { opossumBreaker, type Breaker } from './breaker.ts';

const outage = (): Promise<never> =>
  Promise.reject(new HaError('HA_NO_PRIMARY', 'none', { outcome: 'notSent' }));
const other = (): Promise<never> => Promise.reject(new HaError('HA_ABORTED', 'left', { outcome: 'notSent' }));

let breaker: Breaker;
afterEach(() => breaker.shutdown());

function create(resetMs = 60_000): Breaker {
  const counts = (error: unknown): boolean => (error as HaError).code === 'HA_NO_PRIMARY';
  return opossumBreaker({ name: 'db', threshold: 3, resetMs, counts });
}

async function fail(times: number, work: () => Promise<never>): Promise<void> {
  for (let n = 0; n < times; n++) await breaker.run(work).catch(() => undefined);
}

describe('the breaker', () => {
  it('opens after the threshold and fails at once, with an outcome', async () => {
    breaker = create();
    await fail(3, outage);
    expect(breaker.open).toBe(true);
    await expect(breaker.run(() => Promise.resolve(1))).rejects.toMatchObject({
      code: 'HA_CIRCUIT_OPEN',
      outcome: 'notSent',
    });
  });

  it('is closed by a discovery, long before its timer', async () => {
    breaker = create();
    await fail(3, outage);
    breaker.close();
    await expect(breaker.run(() => Promise.resolve(1))).resolves.toBe(1);
  });

  it('tells when it opens and when it closes', async () => {
    const told: boolean[] = [];
    const changed = (open: boolean): void => void told.push(open);
    breaker = opossumBreaker({ name: 'db', threshold: 3, resetMs: 60_000, counts: () => true, changed });
    await fail(5, outage);
    breaker.close();
    breaker.close();
    expect(told).toEqual([true, false]);
  });

  it('stays closed below its threshold, and while most calls succeed', async () => {
    breaker = create();
    await fail(2, outage);
    for (let n = 0; n < 9; n++) await breaker.run(() => Promise.resolve(n));
    await fail(5, outage);
    expect(breaker.open).toBe(false);
  });

  it('lets one call through after its time, and closes when that succeeds', async () => {
    breaker = create(20);
    await fail(3, outage);
    await expect
      .poll(() => breaker.run(() => Promise.resolve('through')).catch(() => 'open'))
      .toBe('through');
    expect(breaker.open).toBe(false);
    await expect(breaker.run(() => Promise.resolve(1))).resolves.toBe(1);
  });

  it('opens again when that one fails', async () => {
    breaker = create(20);
    await fail(3, outage);
    const seen = (): Promise<string> =>
      breaker.run(outage).catch((error: unknown) => (error as HaError).code);
    await expect.poll(seen).toBe('HA_NO_PRIMARY');
    expect(await seen()).toBe('HA_CIRCUIT_OPEN');
  });

  it('opens again when the caller of that one has left: nothing was seen', async () => {
    breaker = create(20);
    await fail(3, outage);
    const seen = (): Promise<string> => breaker.run(other).catch((error: unknown) => (error as HaError).code);
    await expect.poll(seen).toBe('HA_ABORTED');
    expect(await seen()).toBe('HA_CIRCUIT_OPEN');
  });

  it('lets one call through at a time: others fail meanwhile as while it is open', async () => {
    breaker = create(20);
    await fail(3, outage);
    const ended: string[] = [];
    let succeed: ((value: string) => void) | undefined;
    const slow = (): Promise<string> => new Promise((resolve) => (succeed = resolve));
    await expect
      .poll(() => {
        void breaker.run(slow).then((value) => ended.push(value), String);
        return succeed !== undefined;
      })
      .toBe(true);
    await expect(breaker.run(() => Promise.resolve(1))).rejects.toMatchObject({
      code: 'HA_CIRCUIT_OPEN',
      outcome: 'notSent',
    });
    succeed?.('through');
    await expect.poll(() => ended).toEqual(['through']);
    expect(breaker.open).toBe(false);
  });

  it('does not take calls that it has refused for tries: they say nothing about the servers', async () => {
    breaker = create();
    await fail(3, outage);
    await fail(50, outage);
    breaker.close();
    await fail(1, outage);
    expect(breaker.open).toBe(true);
  });

  it('gives work all the time it takes', async () => {
    breaker = create();
    await expect(breaker.run(() => sleep(systemClock, 25).then(() => 'late'))).resolves.toBe('late');
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    try {
      breaker = create();
      await fail(3, outage);
      breaker.shutdown();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not count what says nothing about the servers', async () => {
    breaker = create();
    await fail(50, other);
    expect(breaker.open).toBe(false);
  });
});
