import { join, relative } from 'node:path';
import { FaultUnavailable, Lab, monotonicMs, type LabObservers } from '@steadfast/lab';
import { brokenIn } from '../analysis/promises.ts';
import { cellsOf } from '../analysis/cell.ts';
import { keyOf, keyOfStep, type Step } from '../plan.ts';
import { asOnItsOwnMachine } from '../process/own-machine.ts';
import type { Setting } from '../settings.ts';
import { Results } from './results.ts';
import { runFault, type FaultRun } from './run-fault.ts';

export interface CampaignRunOptions {
  readonly steps: readonly Step[];
  readonly writers: number;
  readonly rate: number;
  readonly random: () => number;
  readonly folder: string;
  /** what takes a minute is made shorter */
  readonly brief: boolean;
  readonly resume: boolean;
  readonly say: (line: string) => void;
}

const LAB_S = 12;
/** A run may fail to start on a busy machine; a second try on a fresh lab tells that from a defect. */
const TRIES = 2;

/** Runs all steps that have no result yet, on one lab for each setting as long as that is healthy. */
export async function runCampaign(options: CampaignRunOptions): Promise<FaultRun[]> {
  const { steps, say } = options;
  const results = new Results(options.folder, options.resume);
  const done = new Set(results.runs.map(keyOf));
  const left = steps.filter((step) => !done.has(keyOfStep(step)));
  if (left.length < steps.length)
    say(`${steps.length - left.length} of ${steps.length} runs are there already`);
  const progress = new Progress(left);
  const stage = new Stage(say);
  try {
    for (const step of left) {
      const run = await attempt(step, stage, options);
      if (run) {
        results.add(run);
        for (const line of progress.after(step, run)) say(line);
      } else progress.skip(step);
    }
  } finally {
    await stage.clear(false);
  }
  return results.runs;
}

async function attempt(step: Step, stage: Stage, options: CampaignRunOptions): Promise<FaultRun | undefined> {
  const { setting, fault, repetition, clients, alone } = step;
  for (let tries = 1; ; tries++) {
    try {
      const { lab, observers } = await stage.set(setting, alone);
      const folder = join(options.folder, 'histories', keyOfStep(step));
      const { writers, rate, random, brief } = options;
      const run = await runFault({
        lab,
        observers,
        setting,
        fault,
        clients,
        alone,
        repetition,
        writers,
        rate,
        shift: random(),
        folder,
        brief,
      });
      // Results stay true where their folder is moved.
      const within = (file: string): string => relative(options.folder, file);
      const made = run.clients.map((each) => ({ ...each, history: within(each.history) }));
      return { ...run, ...(alone && { alone: clients[0]?.name }), clients: made };
    } catch (error) {
      if (error instanceof FaultUnavailable) {
        options.say(`${keyOfStep(step)}: ${error.message}`);
        return undefined;
      }
      options.say(`${keyOfStep(step)}: ${error instanceof Error ? error.message : String(error)}`);
      await stage.clear(true);
      if (tries >= TRIES) return undefined;
    }
  }
}

/** The lab that runs now, and its observers. */
class Stage {
  readonly #say: (line: string) => void;
  #now: { setting: Setting; lab: Lab; observers: LabObservers } | undefined;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  async set(setting: Setting, alone: boolean): Promise<{ lab: Lab; observers: LabObservers }> {
    if (this.#now?.setting === setting) return this.#now;
    await this.clear(false);
    const lab = await Lab.up(setting.lab);
    try {
      await lab.waitHealthy();
      const observers = await lab.observe();
      if (alone) {
        asOnItsOwnMachine(observers.pid, 'with its children');
        // The links and name servers of the lab are in this very process; the servers that it starts are not meant.
        asOnItsOwnMachine(process.pid, 'by itself');
      }
      this.#now = { setting, lab, observers };
      return this.#now;
    } catch (error) {
      await lab.down({ keepLogs: true });
      throw error;
    }
  }

  async clear(keepLogs: boolean): Promise<void> {
    const now = this.#now;
    this.#now = undefined;
    await now?.observers.stop();
    const logs = await now?.lab.down({ keepLogs });
    if (logs !== undefined) this.#say(`the lab's logs are kept in ${logs}`);
  }
}

/** How far the campaign is, and how long the rest takes by what the runs so far took. */
class Progress {
  readonly #total: number;
  readonly #startedAt = monotonicMs();
  #count = 0;
  #leftS: number;
  #doneS = 0;

  constructor(steps: readonly Step[]) {
    this.#total = steps.length;
    const settings = new Set(steps.map(({ setting }) => setting));
    this.#leftS = steps.reduce((sum, { fault }) => sum + fault.aboutS, settings.size * LAB_S);
  }

  skip({ fault }: Step): void {
    this.#count += 1;
    this.#leftS -= fault.aboutS;
  }

  after(step: Step, run: FaultRun): string[] {
    this.skip(step);
    this.#doneS += step.fault.aboutS;
    const tookS = (monotonicMs() - this.#startedAt) / 1_000;
    const left = Math.round((Math.max(0, this.#leftS) * tookS) / this.#doneS / 60);
    const server = run.serverMs === undefined ? '' : `, primary back after ${Math.round(run.serverMs)} ms`;
    const lags = run.clients.map(({ client, lagMs, never }) =>
      never ? `${client} never` : lagMs === undefined ? '' : `${client} ${Math.round(lagMs)}`,
    );
    const broken = cellsOf([run], step.clients).flatMap((cell) => {
      const spec = step.clients.find(({ name }) => name === cell.client);
      const what = spec ? brokenIn(cell, spec, step.setting.serversKeep) : [];
      return what.length > 0 ? [`    ${cell.client}: ${what.join('; ')}`] : [];
    });
    return [
      `[${this.#count}/${this.#total}, ${left} min left] ${keyOfStep(step)}${server}; lags ms: ${lags.filter(Boolean).join(', ') || 'none'}`,
      ...run.troubles.map((trouble) => `    ${trouble}`),
      ...broken,
    ];
  }
}
