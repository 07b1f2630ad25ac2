import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readResult, type BenchResult } from '@steadfast/bench';
import { PASSWORD } from '@steadfast/lab/lone';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { withPostgres } from '../support/with-postgres.ts';
import { bench } from './bench-program.ts';

const held = withPostgres();
const BRIEF = ['--measure-ms', '300', '--warmup-ms', '100', '--repetitions', '1', '--pair-repetitions', '2'];
const OUTAGE_MS = 1_500;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'steadfast-bench-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function target({ host, port }: { host?: string | undefined; port?: number | undefined }): string {
  return `main=postgres://postgres:${PASSWORD}@${host}:${port}/postgres`;
}

async function schemas(): Promise<string[]> {
  const client = new pg.Client(held.config);
  await client.connect();
  const { rows } = await client.query<{ nspname: string }>(
    "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'steadfast_bench%' ORDER BY 1",
  );
  await client.end();
  return rows.map(({ nspname }) => nspname);
}

describe("a run on somebody's own server", () => {
  it('measures in a schema of its own, removes it, and shows no password', async () => {
    const out = path.join(folder, 'plain');
    const { code, stdout, stderr } = await bench([
      ...['run', '--target', target(held.config), '--workload', 'kv', '--workload', 'connect', '--out', out],
      ...[...BRIEF, '--search', 'p99=200ms', '--rate', '50'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const result = await readResult(path.join(out, 'result.json'));
    expect(measured(result)).toEqual([
      'pg closed connect',
      'pg closed kv',
      'pg-ha closed connect',
      'pg-ha closed kv',
      'pg-ha open kv',
      'pg-ha search kv',
    ]);
    for (const each of result.measurements) expect(each.latency.p99, each.client).toBeGreaterThan(0);
    const open = result.measurements.find(({ loop }) => loop.kind === 'open');
    expect(open?.operations).toBe(15); // 300 ms at 50 a second
    expect(Math.max(...result.measurements.map(({ bytes }) => bytes?.sent ?? 0))).toBeGreaterThan(10);
    expect(open?.connections).toBeGreaterThan(0);
    expect(result.ratios.map(({ of, workload }) => `${workload} ${of}`)).toContain('kv throughput');
    expect(result.targets[0]?.connect?.p50).toBeGreaterThan(0);
    expect(result.noise.controls.length).toBeGreaterThanOrEqual(3);
    expect(await schemas()).toEqual([]);
    const report = readFileSync(path.join(out, 'report.html'), 'utf8');
    for (const text of [stdout, stderr, report, JSON.stringify(result)]) expect(text).not.toContain(PASSWORD);
  });

  it('does nothing where it shall only say what it would do', async () => {
    const { code, stdout } = await bench(['run', '--target', target(held.config), '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/makes and removes schema steadfast_bench_[0-9a-f]{8}_chatwoot, /);
    expect(stdout).toContain('Nothing was done.');
    expect(stdout).not.toContain(PASSWORD);
    expect(await schemas()).toEqual([]);
  });

  it('says beforehand what a failover makes and runs, too', async () => {
    const { code, stdout } = await bench([
      ...['run', '--target', target(held.config), '--dry-run', '--workload', 'kv'],
      ...['--allow-failover', '--failover-command', 'true'],
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /on main: makes and removes schema steadfast_bench_[0-9a-f]{8}_failover, and runs its failover command/,
    );
  });

  it('removes what it made when it is interrupted', async () => {
    const { code, stderr } = await bench(
      ['run', '--target', target(held.config), '--workload', 'kv', '--measure-ms', '60000'],
      (said) => said.includes('control'),
    );
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('ended by SIGINT') });
    expect(await schemas()).toEqual([]);
  });

  it('reads the data of an earlier run and writes nothing, where it may only read', async () => {
    const kept = ['run', '--target', target(held.config), '--workload', 'kv', '--keep-data', ...BRIEF];
    const first = await bench([...kept, '--no-stock', '--out', path.join(folder, 'kept')]);
    expect(first).toMatchObject({ code: 0 });
    const [schema = ''] = await schemas();
    const data = schema.replace(/_kv$/, '');
    const before = await counters(schema);
    const out = path.join(folder, 'read-only');
    const only = ['--workload', 'kv', '--read-only', '--data', data, '--no-stock', '--out', out, ...BRIEF];
    expect(await bench(['run', '--target', target(held.config), ...only])).toMatchObject({ code: 0 });
    const { measurements } = await readResult(path.join(out, 'result.json'));
    expect(measurements.length).toBe(2);
    expect(measurements.every(({ operations }) => operations > 0)).toBe(true);
    expect(await counters(schema)).toEqual(before);
    const again = ['run', '--target', target(held.config), '--read-only', '--data', data, '--out', out];
    expect(await bench([...again, '--workload', 'kv', '--scale', '2'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`--scale is '2'; allowed: 1, at which schema ${schema} on main`),
    });
    expect(await bench([...again, '--workload', 'kv', '--workload', 'tpcb'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`--data: schema ${data}_tpcb on main are not there`),
    });
    await drop(schema);
  });

  it.each([
    [['run'], /nothing to measure; allowed: --target name=url/],
    [
      ['run', '--target', 'a=redis://h', '--workload', 'tpcb'],
      /workload 'tpcb' is none for redis; allowed: chatwoot, kv, connect/,
    ],
    [
      ['run', '--target', 'a=redis://h', '--read-only', '--workload', 'kv'],
      /--read-only with workload 'kv' needs data/,
    ],
    [['run', '--target', 'a=redis://h', '--allow-failover'], /--allow-failover needs a command/],
    [['run', '--target', 'a=postgres://h/d?PG_HA_POOLER=maybe'], /target 'a': PG_HA_POOLER/],
    [['measure'], /'measure' is no command; allowed: run, /],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stderr } = await bench(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe("a failover by somebody's own command", () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** The command asks for it, and is answered when the outage is over. */
  async function outageOnRequest(cut: () => Promise<void>, mend: () => Promise<void>): Promise<string> {
    const server = createServer((_, answer) => {
      void cut()
        .then(() => new Promise((resolve) => setTimeout(resolve, OUTAGE_MS)))
        .then(mend)
        .then(() => answer.end());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `${process.execPath} -e "fetch('http://127.0.0.1:${(server.address() as AddressInfo).port}/')"`;
  }

  it('is measured by what the client met, and checked for lost and doubled work', async () => {
    const { link, config } = await held.link();
    const command = await outageOnRequest(
      async () => {
        await link.set({ refuse: true });
        await link.reset();
      },
      () => link.set({ refuse: false }),
    );
    const out = path.join(folder, 'failover');
    const { code, stderr } = await bench([
      ...['run', '--target', target(config), '--workload', 'connect', '--out', out, ...BRIEF, '--no-stock'],
      ...['--allow-failover', '--failover-command', command, '--failover-after-ms', '3000'],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { failovers, notes } = await readResult(path.join(out, 'result.json'));
    expect({ failovers, notes }).toMatchObject({
      failovers: [{ target: 'main', client: 'pg-ha', lost: 0, doubled: 0, stuck: 0 }],
    });
    expect(failovers[0]?.clientWindowMs).toBeGreaterThan(OUTAGE_MS / 2);
    expect(failovers[0]?.clientWindowMs).toBeLessThan(OUTAGE_MS * 10);
    expect(await schemas()).toEqual([]);
  });
});

function measured({ measurements }: BenchResult): string[] {
  return measurements.map(({ client, loop, workload }) => `${client} ${loop.kind} ${workload}`).toSorted();
}

/** Rows ever written. */
async function counters(schema: string): Promise<unknown> {
  return sql(`SELECT count(*), max(xmin::text::bigint) FROM ${schema}.kv`);
}

async function drop(schema: string): Promise<void> {
  await sql(`DROP SCHEMA ${schema} CASCADE`);
}

async function sql(text: string): Promise<unknown> {
  const client = new pg.Client(held.config);
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}
