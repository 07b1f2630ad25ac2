import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDemo } from './demo-process.ts';

/** The parts of the demo's JSON that others may build on. */
interface Report {
  readonly strategy: string;
  readonly synchronous: boolean;
  readonly seed: number;
  readonly passed: boolean;
  readonly broken: readonly string[];
  readonly faults: readonly {
    readonly fault: string;
    readonly database: string;
    readonly oldPrimary: string;
    readonly newPrimary: string;
    readonly serverWindowMs: number;
    readonly clientWindowMs: number;
    readonly lagMs: number;
    readonly acknowledged: number;
    readonly lost: number;
    readonly doubled: number;
    readonly errors: { readonly notSent: number; readonly rejected: number; readonly unknown: number };
  }[];
  readonly latencyMs: Readonly<
    Record<string, { readonly count: number; readonly p50: number; readonly max: number }>
  >;
  readonly checks: Readonly<
    Record<string, { readonly acknowledged: number; readonly lost: number; readonly doubled: number }>
  >;
}

let labDir: string;

/** What labs have left behind; the last one takes the folder with it. */
async function leftBehind(): Promise<string[]> {
  return existsSync(labDir) ? readdir(labDir) : [];
}

beforeEach(async () => {
  labDir = await mkdtemp(join(tmpdir(), 'steadfast-demo-test-'));
  await chmod(labDir, 0o755); // the servers run as another user
});

afterEach(async () => {
  await rm(labDir, { recursive: true, force: true });
});

describe('the demo', () => {
  it('carries the app through a switchover and accounts for every write', { timeout: 240_000 }, async () => {
    const demo = startDemo(['--fault', 'switchover', '--json', '--seed', '7'], labDir);
    const code = await demo.ended;
    expect(code, demo.stderr()).toBe(0);
    const report = JSON.parse(demo.stdout()) as Report;
    expect(report).toMatchObject({
      strategy: 'patroni',
      synchronous: true,
      seed: 7,
      passed: true,
      broken: [],
    });

    const [switchover] = report.faults;
    expect(switchover).toMatchObject({ fault: 'switchover', database: 'postgres', lost: 0, doubled: 0 });
    expect(switchover?.oldPrimary).toMatch(/^h[123]$/);
    expect(switchover?.newPrimary).toMatch(/^h[123]$/);
    expect(switchover?.newPrimary).not.toBe(switchover?.oldPrimary);
    expect(switchover?.serverWindowMs).toBeGreaterThan(0);
    expect(switchover?.clientWindowMs).toBeGreaterThan(0);
    expect(switchover?.lagMs).toBeGreaterThanOrEqual(0);
    expect(switchover?.acknowledged).toBeGreaterThan(100);

    expect(report.checks['messages']).toMatchObject({ lost: 0, doubled: 0 });
    expect(report.checks['jobs']).toMatchObject({ doubled: 0 });
    expect(report.checks['counters']).toMatchObject({ doubled: 0 });
    for (const kind of ['message', 'read', 'presence', 'counter']) {
      expect(report.latencyMs[kind]?.count).toBeGreaterThan(50);
      expect(report.latencyMs[kind]?.p50).toBeGreaterThan(0);
      expect(report.latencyMs[kind]?.max).toBeGreaterThanOrEqual(report.latencyMs[kind]?.p50 ?? Infinity);
    }
    expect(demo.stderr()).toContain(`${switchover?.newPrimary} takes writes (PostgreSQL`);
    expect(await leftBehind()).toEqual([]);
  });

  it('takes everything down when it is interrupted', { timeout: 120_000 }, async () => {
    const demo = startDemo(['--fault', 'crash', '--json'], labDir);
    await demo.said('PostgreSQL crash', 90_000);
    demo.interrupt();
    expect(await demo.ended, demo.stderr()).toBe(130);
    expect(demo.stderr()).toContain('interrupted by SIGINT');
    expect(demo.stdout()).toBe('');
    expect(await leftBehind()).toEqual([]);
  });

  it.each([
    ['--fault', 'freze', "demo: --fault is 'freze'; allowed: switchover, crash"],
    [
      '--strategy',
      'patorni',
      "demo: --strategy is 'patorni'; allowed: patroni, haproxy; did you mean 'patroni'?",
    ],
    ['--rate', '100000', "demo: --rate is '100000'; allowed: a whole number from 1 to 2000"],
  ])('refuses %s %s in one line and starts nothing', async (flag, value, message) => {
    const demo = startDemo([flag, value], labDir);
    expect(await demo.ended).toBe(2);
    expect(demo.stdout()).toBe('');
    expect(demo.stderr().startsWith(message)).toBe(true);
    expect(demo.stderr().trimEnd().split('\n')).toHaveLength(1);
    expect(await leftBehind()).toEqual([]);
  });
});
