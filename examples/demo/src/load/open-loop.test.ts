import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { latencyMs, type Call } from './call.ts';
import { OpenLoop } from './open-loop.ts';

const now = (): number => performance.now();
const CALL: Call = { kind: 'read', key: '', method: 'GET', path: '/' };

describe('the open loop', () => {
  it('keeps its rate while answers are late, and counts latency from when a request was due', async () => {
    const load = new OpenLoop({
      rate: 200,
      now,
      next: () => CALL,
      send: async () => {
        await delay(100);
        return { ok: true };
      },
    });
    load.start();
    await delay(500);
    expect(load.outstanding).toBeGreaterThan(10);
    await load.stop(1_000);
    expect(load.records.length).toBeGreaterThan(90);
    expect(load.records.length).toBeLessThanOrEqual(120);
    expect(Math.min(...load.records.map(latencyMs))).toBeGreaterThanOrEqual(99);
  });

  it('sends each request when it is due, not when the next one is', async () => {
    const load = new OpenLoop({ rate: 10, now, next: () => CALL, send: () => Promise.resolve({ ok: true }) });
    load.start();
    await delay(350);
    await load.stop(100);
    const latencies = load.records.map(latencyMs).sort((a, b) => a - b);
    expect(latencies).toHaveLength(4);
    expect(latencies[2]).toBeLessThan(50);
  });

  it('charges a blocked process to the latency instead of leaving it out', async () => {
    const load = new OpenLoop({
      rate: 100,
      now,
      next: () => CALL,
      send: () => Promise.resolve({ ok: true }),
    });
    load.start();
    await delay(20);
    const until = performance.now() + 200;
    while (performance.now() < until);
    await delay(20);
    await load.stop(100);
    expect(load.records.length).toBeGreaterThanOrEqual(20);
    expect(Math.max(...load.records.map(latencyMs))).toBeGreaterThan(150);
  });

  it('calls unknown what has no answer when it stops, and takes no late one', async () => {
    const answers: (() => void)[] = [];
    const send = (): Promise<{ ok: true }> =>
      new Promise((resolve) => answers.push(() => resolve({ ok: true })));
    const load = new OpenLoop({ rate: 100, now, next: () => CALL, send });
    load.start();
    await delay(50);
    await load.stop(50);
    for (const answer of answers) answer();
    await delay(1);
    expect(load.outstanding).toBe(0);
    expect(load.records.length).toBe(answers.length);
    expect(load.records.every(({ result }) => !result.ok && result.outcome === 'unknown')).toBe(true);
  });
});
