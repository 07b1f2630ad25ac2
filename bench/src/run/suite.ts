import { monotonicMs } from '@steadfast/lab';
import type { Failovers } from '../failover/failovers.ts';
import { interleaved, type Turn } from '../method/pairing.ts';
import { noiseOf, warningOf } from '../method/noise.ts';
import type { BenchResult, FailoverResult, Measurement, Noise, TargetResult } from '../result.ts';
import { redactUrl, type Redactor } from '../targets/redact.ts';
import { describeTarget, urlOf, type Target } from '../targets/target.ts';
import type { Job } from '../worker/messages.ts';
import { work } from '../worker/work.ts';
import { cellsOf, type BenchCell, type Chosen } from './cells.ts';
import { control } from './control.ts';
import { dialsOf, measurementOf, ratiosOf, type Measured } from './figures.ts';
import { machine, versions } from './machine.ts';
import { Progress } from './progress.ts';
import { removed } from './removed.ts';
import type { RunOptions } from './run-options.ts';
import { dataOf, Sandbox } from './sandbox.ts';
import { searchAll, SEARCH_STEPS } from './search-all.ts';

export interface Suite {
  readonly options: RunOptions;
  readonly targets: readonly Target[];
  readonly chosen: readonly Chosen[];
  /** under which the data are kept */
  readonly data: string;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  /** measures what failovers cost, when all else is done; absent where none are to be made */
  readonly failovers?: Failovers;
  /** what was typed, without secrets */
  readonly command: string;
}

/** Process, connections, closing. */
const START_MS = 900;
const DRAIN_MS = 5_000;
const PREPARE_MS = 4_000;
const CONTROL_MS = 350;

type Body = Omit<BenchResult, 'schema' | 'startedAt' | 'durationMs' | 'seed' | 'command' | 'machine'>;

/** Makes the data, measures everything in turn, and removes the data again, however it ends. */
export async function runSuite(suite: Suite): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const began = monotonicMs();
  const body = await withNotes(suite, (notes) =>
    withData(suite, notes, () => new SuiteRun(suite, began, notes).run()),
  );
  return {
    schema: 1,
    startedAt,
    durationMs: Math.round(monotonicMs() - began),
    seed: suite.options.seed,
    command: suite.command,
    machine: machine(),
    ...body,
    notes: body.notes.map((note) => suite.redactor.clean(note)),
  };
}

/** One sandbox for each server, whichever targets lead to it. */
export function sandboxesOf({
  targets,
  chosen,
  data,
}: Pick<Suite, 'targets' | 'chosen' | 'data'>): Sandbox[] {
  const servers = new Map(targets.toReversed().map((target) => [target.server, target]));
  return [...servers.values()].map(
    (target) =>
      new Sandbox(
        target,
        data,
        chosen.map(({ workload }) => workload),
      ),
  );
}

/** What has to be known stands in the result, or where there is none on the screen. */
async function withNotes(
  { redactor }: Pick<Suite, 'redactor'>,
  run: (notes: string[]) => Promise<Body>,
): Promise<Body> {
  const notes: string[] = [];
  try {
    return await run(notes);
  } catch (error) {
    for (const note of notes) console.error(redactor.clean(note));
    throw error;
  }
}

async function withData(suite: Suite, notes: string[], run: () => Promise<Body>): Promise<Body> {
  const { scale, seed, readOnly, existingData, keepData } = suite.options;
  if (existingData !== undefined)
    for (const sandbox of sandboxesOf({ ...suite, data: existingData })) await sandbox.check(scale);
  if (readOnly || existingData !== undefined) return run();
  const sandboxes = sandboxesOf(suite);
  try {
    for (const sandbox of sandboxes) {
      suite.signal.throwIfAborted();
      await sandbox.prepare(scale, seed);
    }
    return await run();
  } finally {
    if (keepData)
      notes.push(`The data were kept: ${suite.data}. Remove them when they are no longer needed.`);
    else for (const sandbox of sandboxes) notes.push(...(await removed(sandbox.removal())));
  }
}

/** One run: what was measured so far, and the steps that add to it. */
class SuiteRun {
  readonly #suite: Suite;
  readonly #began: number;
  /** the removal of the data may add to them when all else is done */
  readonly #notes: string[];
  readonly #cells: readonly BenchCell[];
  readonly #measured = new Map<string, Measured & { stretches: Measured['stretches'][number][] }>();
  readonly #controls: Noise['controls'][number][] = [];
  readonly #failed = new Set<string>();
  readonly #progress: Progress;

  constructor(suite: Suite, began: number, notes: string[]) {
    this.#suite = suite;
    this.#began = began;
    this.#notes = notes;
    this.#cells = cellsOf(suite.targets, suite.chosen, suite.options);
    this.#progress = new Progress(this.#plannedMs());
  }

  async run(): Promise<Body> {
    const suite = this.#suite;
    const found = await versions(suite.targets);
    await this.#control();
    let round = 1;
    for (const turn of interleaved(this.#cells, suite.options.seed)) {
      if (turn.repetition !== round) await this.#control();
      round = turn.repetition;
      await this.#turn(turn);
    }
    await this.#control();
    const searched = await this.#search();
    const failovers = await this.#failovers();
    this.#progress.end();
    const measured = [...this.#measured.values()];
    const noise = noiseOf(this.#controls);
    const warning = warningOf(noise);
    if (warning !== undefined) this.#notes.unshift(warning);
    return {
      versions: found,
      targets: suite.targets.map((target) => this.#describe(target, measured)),
      measurements: [...measured.map(measurementOf), ...searched],
      ratios: ratiosOf(measured, suite.options.seed),
      failovers,
      noise,
      notes: this.#notes,
    };
  }

  #stepMs(): number {
    const { warmupMs, measureMs } = this.#suite.options;
    return warmupMs + measureMs + START_MS;
  }

  #plannedMs(): number {
    const { targets, options, failovers } = this.#suite;
    const turns = this.#cells.reduce((sum, { repetitions }) => sum + repetitions, 0);
    const searches = options.search === undefined ? 0 : targets.length * SEARCH_STEPS;
    return (turns + searches) * this.#stepMs() + (failovers?.plannedMs ?? 0) + PREPARE_MS;
  }

  async #control(): Promise<void> {
    const at = monotonicMs() - this.#began;
    this.#controls.push({ at, perSecond: await control() });
    this.#progress.done(CONTROL_MS, 'control');
  }

  async #turn({ cell, repetition }: Turn<BenchCell>): Promise<void> {
    const { signal } = this.#suite;
    signal.throwIfAborted();
    const workload = this.#workloadOf(cell);
    const what = `${cell.target.name}, ${workload.name} ${cell.loop.kind}, ${cell.client}`;
    try {
      const result = await work(this.#job(cell, repetition), signal);
      const entry = this.#measured.get(cell.key) ?? { cell, workload: workload.name, stretches: [] };
      entry.stretches.push({ repetition, result });
      this.#measured.set(cell.key, entry);
      if (result.firstError !== undefined) this.#failedOnce(what, `operations failed: ${result.firstError}`);
      this.#progress.done(this.#stepMs(), `${what}: ${Math.round(result.perSecond).toLocaleString('en')}/s`);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failedOnce(what, `not measured: ${(error as Error).message}`);
      this.#progress.done(this.#stepMs(), `${what}: failed`);
    }
  }

  /** Once for each cell is enough. */
  #failedOnce(what: string, why: string): void {
    if (this.#failed.has(what)) return;
    this.#failed.add(what);
    const line = `${what}: ${why}`;
    this.#notes.push(line);
    this.#progress.say(this.#suite.redactor.clean(line));
  }

  #workloadOf(cell: BenchCell): Chosen['workload'] {
    const found = this.#suite.chosen.find(
      ({ given, workload }) => given === cell.workload && workload.library === cell.target.library,
    );
    if (!found) throw new Error(`workload '${cell.workload}' was not chosen`);
    return found.workload;
  }

  #job(cell: BenchCell, repetition: number): Job {
    const { options, data } = this.#suite;
    const { connections, scale, seed, readOnly, warmupMs, measureMs } = options;
    return {
      client: cell.client,
      library: cell.target.library,
      env: cell.env,
      connections,
      workload: cell.workload,
      data: dataOf(options.existingData ?? data, this.#workloadOf(cell)),
      scale,
      // Both of a pair draw the same operations, and each repetition others.
      seed: seed + repetition,
      readOnly,
      loop: cell.loop,
      warmupMs,
      measureMs,
      drainMs: DRAIN_MS,
    };
  }

  async #search(): Promise<Measurement[]> {
    const { options, signal } = this.#suite;
    const { search } = options;
    if (!search) return [];
    return searchAll(this.#cells, {
      objective: search,
      begin: options.perSecond,
      workloadOf: (cell) => this.#workloadOf(cell).name,
      measure: async (cell, step) => {
        signal.throwIfAborted();
        const result = await work(this.#job(cell, step), signal);
        this.#progress.done(this.#stepMs(), `${cell.target.name}: searching the highest rate`);
        return result;
      },
      failed: (cell, why) => this.#failedOnce(`${cell.target.name}, rate search`, why),
    });
  }

  async #failovers(): Promise<FailoverResult[]> {
    const { failovers, signal } = this.#suite;
    if (!failovers) return [];
    signal.throwIfAborted();
    try {
      return await failovers.run({
        say: (line) => this.#progress.say(line),
        failed: (what, error) => this.#failedOnce(what, (error as Error).message),
        note: (line) => void this.#notes.push(line),
      });
    } catch (error) {
      if (signal.aborted) throw error;
      this.#failedOnce('failover', `not measured: ${(error as Error).message}`);
      return [];
    }
  }

  #describe(target: Target, measured: readonly Measured[]): TargetResult {
    const dials = measured
      .filter(({ cell }) => cell.target === target && cell.client.includes('-ha'))
      .map(dialsOf)
      .find((each) => each !== undefined);
    const shown = describeTarget(target, redactUrl(urlOf(target)) || 'as the environment says');
    return { ...shown, ...dials };
  }
}
