import { describe, expect, it } from 'vitest';
import { Latencies } from '../method/latencies.ts';
import type { Target } from '../targets/target.ts';
import type { StretchResult } from '../worker/messages.ts';
import type { BenchCell } from './cells.ts';
import { dialsOf, measurementOf, ratiosOf, type Measured } from './figures.ts';

const target: Target = { name: 'main', library: 'pg', strategy: 'single', env: {}, server: 'main' };

const encoded = (...all: number[]): string => {
  const latencies = new Latencies();
  for (const ms of all) latencies.record(ms);
  return latencies.encode();
};

const stretch = (operations: number, more: Partial<StretchResult> = {}): StretchResult => ({
  operations,
  perSecond: operations,
  byKind: { get: encoded(1, 2), put: encoded(10) },
  errors: { notSent: 1, rejected: 0, unknown: 2 },
  cpuMicros: 100,
  connections: 3,
  bytes: { sent: 10, received: 20 },
  ...more,
});

const measured = (client: string, results: readonly StretchResult[], pair?: string): Measured => {
  const cell: BenchCell = {
    key: `main ${client}`,
    repetitions: results.length,
    ...(pair !== undefined && { pair }),
    target,
    client,
    workload: 'kv',
    loop: { kind: 'closed', callers: 8 },
    env: {},
  };
  return { cell, workload: 'kv', stretches: results.map((result, n) => ({ repetition: n + 1, result })) };
};

describe('a measurement', () => {
  it('is all its repetitions together, and each by itself', () => {
    const found = measurementOf(
      measured('pg-ha', [stretch(100, { cpuMicros: 50, connections: 9 }), stretch(300, { cpuMicros: 250 })]),
    );
    expect(found).toMatchObject({
      target: 'main',
      client: 'pg-ha',
      workload: 'kv',
      repetitions: 2,
      operations: 400,
      perSecond: 200,
      errors: { notSent: 2, rejected: 0, unknown: 4 },
      cpuMicros: 200, // 300 of 400 operations took 250
      connections: 9,
      bytes: { sent: 10, received: 20 },
      latency: { count: 6 },
      byKind: { get: { count: 4 }, put: { count: 2 } },
    });
    expect(found.each).toMatchObject([
      { perSecond: 100, cpuMicros: 50 },
      { perSecond: 300, cpuMicros: 250 },
    ]);
    expect(found.latency.max).toBeCloseTo(10, 1);
  });

  it('in which nothing ended well is zero, not an error', () => {
    const nothing = stretch(0, { byKind: {} });
    expect(measurementOf(measured('pg-ha', [nothing]))).toMatchObject({
      operations: 0,
      perSecond: 0,
      cpuMicros: 0,
      latency: { count: 0, p99: 0 },
    });
    expect(measurementOf(measured('pg-ha', []))).toMatchObject({ repetitions: 0, perSecond: 0 });
  });

  it('tells dial times where its workload has dialled', () => {
    expect(dialsOf(measured('pg-ha', [stretch(1)]))).toBeUndefined();
    const plain = stretch(1, { dials: encoded(5, 5), tcp: encoded(1, 1) });
    expect(dialsOf(measured('pg-ha', [plain]))).toEqual({
      connect: expect.objectContaining({ count: 2 }) as object,
      tcpConnect: expect.objectContaining({ count: 2 }) as object,
    });
    const secured = stretch(1, { dials: encoded(5, 5), tcp: encoded(1, 1), tls: encoded(3) });
    expect(dialsOf(measured('pg-ha', [secured]))?.tlsHandshake).toMatchObject({ count: 1 });
  });
});

describe('ratios', () => {
  it('compare a pair whichever came first, and nothing that stands alone', () => {
    const calm = { errors: { notSent: 0, rejected: 0, unknown: 0 } };
    const stock = measured('pg', [stretch(100, calm), stretch(200, calm)], 'p');
    const ours = measured('pg-ha', [stretch(150, calm), stretch(300, calm)], 'p');
    const alone = measured('pg-ha', [stretch(1)]);
    const ratios = ratiosOf([alone, stock, ours], 1);
    expect(ratios.map(({ of }) => of)).toEqual(['throughput', 'cpu', 'p99']);
    expect(ratios[0]).toMatchObject({ ours: 'pg-ha', other: 'pg', median: 1.5, pairs: 2, callers: 8 });
    expect(ratios[1]).toMatchObject({ median: 1 });
  });

  it('compare no percentiles where more operations of one failed: who fails instead of waiting looks fast', () => {
    const calm = { errors: { notSent: 0, rejected: 0, unknown: 0 } };
    const stock = measured('pg', [stretch(100, calm), stretch(100, calm)], 'p');
    const failing = measured('pg-ha', [stretch(100, calm), stretch(100)], 'p');
    const pairs = Object.fromEntries(ratiosOf([stock, failing], 1).map(({ of, pairs: n }) => [of, n]));
    expect(pairs).toEqual({ throughput: 2, cpu: 2, p99: 1 });
  });

  it('leave out what one of the two did not come to', () => {
    const stock = measured('pg', [stretch(100), stretch(0, { byKind: {} })], 'p');
    const ours = measured('pg-ha', [stretch(100), stretch(100)], 'p');
    expect(ratiosOf([stock, ours], 1)[0]).toMatchObject({ pairs: 1 });
    expect(ratiosOf([stock], 1)).toEqual([]);
  });
});
