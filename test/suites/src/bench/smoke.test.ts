import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readResult } from '@steadfast/bench';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bench } from './bench-program.ts';

/** Of a stock client's throughput: below this, with confidence, something of ours has become slow. */
const LEAST_RATIO = 0.9;

let out: string;
beforeAll(async () => {
  out = await mkdtemp(path.join(tmpdir(), 'steadfast-bench-smoke-'));
});
afterAll(() => rm(out, { recursive: true, force: true }));

it(
  'a quick run on the lab measures every backend, and ours keep up with the stock clients',
  { timeout: 420_000 },
  async () => {
    const { code, stdout, stderr } = await bench(['run', '--lab', '--quick', '--seed', '1', '--out', out]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const result = await readResult(path.join(out, 'result.json'));
    const deployments = new Set(result.targets.map(({ deployment }) => deployment));
    expect(deployments).toEqual(
      new Set([
        'postgres-self-managed',
        'postgres-hybrid',
        'postgres-managed',
        'redis-sentinel',
        'redis-managed',
      ]),
    );
    for (const { name } of result.targets) {
      const mine = result.measurements.filter(({ target }) => target === name);
      for (const workload of ['chatwoot', 'kv', 'connect']) {
        const done = mine.filter((each) => each.workload === workload && each.operations > 0);
        expect(done.length, `${name}, ${workload}: ${stdout}`).toBeGreaterThan(0);
      }
    }
    // A provider's endpoint is farther away, and the figures must show it.
    const median = (target: string): number =>
      result.measurements.find(
        (each) => each.target === target && each.workload === 'kv' && each.loop.kind === 'open',
      )?.latency.p50 ?? 0;
    expect(median('managed-2ms')).toBeGreaterThan(2);
    const through = result.measurements.find(
      ({ target, loop }) => target === 'managed-2ms' && loop.kind === 'closed',
    );
    expect(through?.bytes?.sent).toBeGreaterThan(10);
    // Noise widens an interval; a ratio that is low in spite of it is ours to mend.
    const throughput = result.ratios.filter(({ of }) => of === 'throughput');
    expect(throughput.map(({ ours }) => ours).toSorted()).toEqual(['pg-ha', 'redis-ha']);
    expect(throughput.filter(({ high }) => high < LEAST_RATIO)).toEqual([]);
    expect(await readFile(path.join(out, 'report.html'), 'utf8')).toContain('<svg');
    expect(await readFile(path.join(out, 'report.md'), 'utf8')).toContain('redis-managed-2ms');
  },
);
