import { beforeEach, expect, it, vi } from 'vitest';
import { Redactor } from '../targets/redact.ts';
import { parseTarget } from '../targets/parse-target.ts';
import { keyValueRedis } from '../workloads/key-value.ts';
import { Interrupted } from './interruption.ts';
import { parseRun } from './run-options.ts';
import { runSuite } from './suite.ts';

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  vi.spyOn(console, 'error').mockImplementation((text: string) => void said.push(text));
  return () => vi.restoreAllMocks();
});

it.each([
  [[], /^Not removed from gone: keys steadfast_bench_00000000:kv:\*.* Remove them by hand\.$/],
  [['--keep-data'], /^The data were kept: steadfast_bench_00000000\./],
])('a run that fails says what it leaves behind: %j', async (flags, line) => {
  const url = 'redis://:hunter22@127.0.0.1:1?REDIS_HA_FAILOVER_WAIT_MS=50&REDIS_HA_DIAL_TIMEOUT_MS=50';
  const targets = [parseTarget(`gone=${url}`)];
  const run = runSuite({
    options: parseRun(['--target', `gone=${url}`, ...flags]),
    targets,
    chosen: [{ given: 'kv', workload: keyValueRedis }],
    data: 'steadfast_bench_00000000',
    redactor: new Redactor(targets),
    signal: new AbortController().signal,
    command: '',
  });
  await expect(run).rejects.toThrow(/127\.0\.0\.1:1/);
  expect(said).toEqual([expect.stringMatching(line)]);
  expect(said.join('\n')).not.toContain('hunter22');
});

it('an interrupted run on data of an earlier one says what its failover leaves behind', async () => {
  const controller = new AbortController();
  const run = runSuite({
    options: parseRun(['--data', 'steadfast_bench_00000000']),
    targets: [],
    chosen: [],
    data: 'steadfast_bench_11111111',
    redactor: new Redactor([]),
    signal: controller.signal,
    command: '',
    failovers: {
      plannedMs: 0,
      touches: [],
      run: ({ note }) => {
        note('Not removed from main: schema s_failover');
        controller.abort(new Interrupted('ended'));
        return Promise.reject(controller.signal.reason as Error);
      },
    },
  });
  await expect(run).rejects.toThrow(Interrupted);
  expect(said).toContain('Not removed from main: schema s_failover');
});
