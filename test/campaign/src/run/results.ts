import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultRun } from './run-fault.ts';

/** What a campaign has found so far, a line for each run, so that it can go on after being cut short. */
export class Results {
  readonly folder: string;
  readonly runs: FaultRun[];
  readonly #file: string;

  constructor(folder: string, resume: boolean) {
    this.folder = folder;
    this.#file = join(folder, 'runs.jsonl');
    mkdirSync(folder, { recursive: true });
    if (!resume) rmSync(this.#file, { force: true });
    this.runs = existsSync(this.#file) ? parseRuns(readFileSync(this.#file, 'utf8')) : [];
    // Without a line that was cut off, since the next one would be written behind it.
    writeFileSync(this.#file, this.runs.map(lineOf).join(''));
  }

  add(run: FaultRun): void {
    this.runs.push(run);
    appendFileSync(this.#file, lineOf(run));
  }
}

function lineOf(run: FaultRun): string {
  return `${JSON.stringify(run)}\n`;
}

/** A line that was cut off is a run that has to be made again. */
function parseRuns(text: string): FaultRun[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as FaultRun];
    } catch {
      return [];
    }
  });
}
