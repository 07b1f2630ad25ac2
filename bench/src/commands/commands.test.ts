import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exampleResult } from '../example-result.ts';
import { compareCommand } from './compare.ts';
import { memoryCommand } from './memory.ts';
import { planCommand } from './plan.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';

describe('what reads a result', () => {
  let folder: string;
  let usual: string;
  let slow: string;
  const said: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'steadfast-commands-'));
    [usual, slow] = [path.join(folder, 'usual.json'), path.join(folder, 'slow.json')];
    await writeFile(usual, JSON.stringify(exampleResult()));
    await writeFile(slow, JSON.stringify(exampleResult({ slower: 1.3 })));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  beforeEach(() => {
    said.length = 0;
    vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
    return () => vi.restoreAllMocks();
  });

  it('compare fails on a regression only when it is told to', async () => {
    expect(await compareCommand.run([usual, slow])).toBe(0);
    expect(await compareCommand.run([usual, slow, '--fail'])).toBe(1);
    expect(await compareCommand.run([slow, usual, '--fail'])).toBe(0);
    expect(await compareCommand.run([usual, slow, '--fail', '--threshold', '60'])).toBe(0);
    expect(said[1]).toMatch(/^# \d+ regressions/);
  });

  it('compare says as JSON what it says as text', async () => {
    await compareCommand.run([usual, slow, '--json']);
    const { differences } = JSON.parse(said[0] ?? '') as { differences: { verdict: string }[] };
    expect(differences.filter(({ verdict }) => verdict === 'regression').length).toBeGreaterThan(20);
  });

  it('report writes the formats that it is asked for, beside the result or where it is told', async () => {
    const out = path.join(folder, 'new/folder');
    await reportCommand.run([usual, '--out', out, '--format', 'html,markdown,json']);
    expect((await readdir(out)).toSorted()).toEqual(['report.html', 'report.json', 'report.md']);
    expect(said).toEqual(['report.html', 'report.md', 'report.json'].map((name) => path.join(out, name)));
    const json = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8')) as {
      result: unknown;
      sections: unknown[];
    };
    expect(json.result).toEqual(JSON.parse(await readFile(usual, 'utf8')));
    expect(json.sections.length).toBeGreaterThan(8);
    await reportCommand.run([usual]);
    expect(await readdir(folder)).toEqual(expect.arrayContaining(['report.html', 'report.md']));
  });

  it('plan takes what was measured into account', async () => {
    const flags = ['--for', 'postgres', '--rpo', '0s', '--rto', '25s', '--json'];
    expect(await planCommand.run(flags)).toBe(1);
    expect(await planCommand.run([...flags, '--results', usual])).toBe(0);
    const { stores } = JSON.parse(said[1] ?? '') as {
      stores: { recommended: { id: string; setup: { environment: object } } }[];
    };
    expect(stores[0]?.recommended.id).toBe('postgres-hybrid');
    expect(stores[0]?.recommended.setup.environment).toMatchObject({ PG_HA_STRATEGY: 'patroni' });
  });

  it('report says in a sentence that its folder cannot be made', async () => {
    const refused = expect.objectContaining({ name: 'UsageError' });
    await expect(reportCommand.run([usual, '--out', usual])).rejects.toThrow(refused);
    await expect(reportCommand.run([usual, '--out', usual])).rejects.toThrow(
      /^--out '.*' cannot be made \(EEXIST\)/,
    );
  });

  it.each([
    [reportCommand, [], '<result.json>: 1 needed, 0 given'],
    [reportCommand, ['/nowhere/result.json'], '/nowhere/result.json cannot be read: ENOENT'],
    [reportCommand, ['x', '--format', 'pdf'], "--format is 'pdf'; allowed: html, markdown, json"],
    [compareCommand, ['x'], '<before.json> <after.json>: 2 needed, 1 given'],
    [compareCommand, ['x', 'y', '--threshold', '5%'], "--threshold is '5%'; allowed: a number of percent"],
    [
      compareCommand,
      ['x', 'y', '--treshold', '5'],
      "Unknown option '--treshold'; allowed: --threshold, --fail, --json",
    ],
    [planCommand, ['--rto', '5'], "--rto is '5'; allowed: 1s to 24h"],
    [memoryCommand, ['--x'], "Unknown option '--x'; allowed: none"],
    [planCommand, ['result.json'], "Unexpected argument 'result.json'"],
  ])('$name refuses %j: %s', async (command, argv, message) => {
    await expect(command.run(argv)).rejects.toThrow(message);
  });
});

describe('run', () => {
  it('refuses two workloads that would be measured as one', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'steadfast-namesakes-'));
    const written = async (file: string, name: string): Promise<string> => {
      const text = `export default { library: 'redis', name: '${name}', title: '', prepare() {}, operations: () => [] };`;
      await writeFile(path.join(folder, file), text);
      return path.join(folder, file);
    };
    const one = await written('one.mjs', 'my-queue');
    const two = await written('two.mjs', 'My_queue');
    const kv = await written('kv.mjs', 'kv');
    const run = (...names: string[]): Promise<number | void> =>
      runCommand.run([
        ...['--target', 'a=redis://h', '--dry-run'],
        ...names.flatMap((name) => ['--workload', name]),
      ]);
    const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await expect(run(one, two)).rejects.toThrow(
      /one\.mjs' and '.*two\.mjs' are both named 'My_queue'; allowed/,
    );
    await expect(run('kv', kv)).rejects.toThrow(/'kv' and '.*kv\.mjs' are both named 'kv'/);
    expect(await run('connect', one, kv)).toBe(0);
    said.mockRestore();
    await rm(folder, { recursive: true });
  });

  it('gives failovers a name of their own, which no workload has', async () => {
    const lines: string[] = [];
    const said = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
    await runCommand.run([
      ...['--target', 'a=redis://h', '--workload', 'kv', '--dry-run'],
      ...['--allow-failover', '--failover-command', 'true'],
    ]);
    said.mockRestore();
    const [, work] = /makes and removes keys (\w+):kv:\*/.exec(lines.join()) ?? [];
    const [, failover] = /makes and removes keys \*(\w+):failover\*, and runs/.exec(lines.join()) ?? [];
    expect([work, failover]).toEqual(Array(2).fill(expect.stringMatching(/^steadfast_bench_[0-9a-f]{8}$/)));
    expect(failover).not.toBe(work);
  });
});
