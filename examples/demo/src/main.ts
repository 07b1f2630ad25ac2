import { describeError } from '@steadfast/shared';
import { exitCode } from './analysis/verdict.ts';
import { HELP, parseOptions, UsageError, type DemoOptions } from './options.ts';
import { duration } from './output/format.ts';
import { renderReport } from './output/render-report.ts';
import { Screen } from './output/screen.ts';
import { runDemo } from './run/demo.ts';
import { KEPT_LAB } from './run/start-lab.ts';
import { Teardown } from './run/teardown.ts';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: keyof typeof SIGNALS) {
    super(`interrupted by ${signal}`);
    this.exitCode = SIGNALS[signal];
  }
}

async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = parseOptions(args, Date.now() % 100_000);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`demo: ${error.message}\n`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  return run(options);
}

async function run(options: DemoOptions): Promise<number> {
  const startedAt = performance.now();
  const screen = new Screen(options.json ? process.stderr : process.stdout);
  const teardown = new Teardown((line) => screen.line(line));
  const stop = new AbortController();
  for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[])
    process.on(signal, () => stop.abort(new Interrupted(signal)));
  process.on('uncaughtException', (error) => stop.abort(error)); // even then nothing may be left behind
  let failed = false;
  try {
    const result = await runDemo(options, screen, teardown, stop.signal);
    screen.heading('Result');
    for (const line of renderReport(result)) screen.line(line);
    if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    failed = !result.passed;
    return exitCode(result);
  } catch (error) {
    failed = !(error instanceof Interrupted);
    screen.endLive();
    screen.line();
    screen.line(`demo: ${describeError(error)}`);
    return error instanceof Interrupted ? error.exitCode : 1;
  } finally {
    screen.line();
    await teardown.run(failed);
    const state = options.keep
      ? `the cluster is up until 'pnpm lab down ${KEPT_LAB}'`
      : 'everything is taken down again';
    screen.line(`${duration(performance.now() - startedAt)} in all; ${state}`);
  }
}

process.exit(await main(process.argv.slice(2)));
