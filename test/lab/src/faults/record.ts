import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../blueprint.ts';
import type { FaultEvent, FaultName } from '../types.ts';
import type { FaultPlan } from './fault-kind.ts';

/** A fault that is made and not healed yet, kept so that any process can heal it. */
export interface FaultRecord {
  seq: number;
  name: FaultName;
  plan: FaultPlan;
  events: FaultEvent[];
}

const MAX_OPEN = 200;

/** The lab's open faults, a file each. */
export class FaultRecords {
  readonly #dir: string;

  constructor(labDir: string) {
    this.#dir = paths.faults(labDir);
  }

  /** Open faults, oldest first. */
  all(): FaultRecord[] {
    return readdirSync(this.#dir)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => this.#read(join(this.#dir, name)))
      .toSorted((a, b) => a.seq - b.seq);
  }

  /** Takes the next number; a file made exclusively keeps two processes apart. */
  open(name: FaultName, plan: FaultPlan): FaultRecord {
    const last = Math.max(0, ...this.all().map(({ seq }) => seq));
    for (let seq = last + 1; seq <= last + MAX_OPEN; seq++) {
      const record: FaultRecord = { seq, name, plan, events: [] };
      try {
        writeFileSync(this.#file(seq), JSON.stringify(record), { flag: 'wx', mode: 0o600 });
        return record;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    throw new Error(`no free number for a fault in ${this.#dir}`);
  }

  save(record: FaultRecord): void {
    const file = this.#file(record.seq);
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  isOpen({ seq, name }: FaultRecord): boolean {
    return this.#read(this.#file(seq)).some((record) => record.name === name);
  }

  close({ seq }: FaultRecord): void {
    rmSync(this.#file(seq), { force: true });
  }

  #file(seq: number): string {
    return join(this.#dir, `${String(seq).padStart(4, '0')}.json`);
  }

  #read(file: string): FaultRecord[] {
    try {
      return [JSON.parse(readFileSync(file, 'utf8')) as FaultRecord];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
