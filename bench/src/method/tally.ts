import { Latencies } from './latencies.ts';

export type FailedAs = 'notSent' | 'rejected' | 'unknown';
export type Errors = Record<FailedAs, number>;

/** A failed operation that waited so long counts in the percentiles as one that took at least that; sooner, it was an answer. */
const WAITED_MS = 100;

/** What became of the operations that belong to the measured time: those meant to begin within it. */
export class Tally {
  readonly #from: number;
  readonly #to: number;
  readonly byKind: Map<string, Latencies> = new Map();
  /** of those that had not ended, or failed after a wait, the time until then: the least that they would have taken */
  readonly unfinished: Latencies = new Latencies();
  /** ended well within the measured time, whenever they were meant to begin */
  endedWithin = 0;
  readonly errors: Errors = { notSent: 0, rejected: 0, unknown: 0 };
  /** what the first failed operation said */
  firstError: string | undefined;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  done(kind: string, meantAt: number, endedAt: number): void {
    if (this.counts(endedAt)) this.endedWithin += 1;
    if (!this.counts(meantAt)) return;
    let latencies = this.byKind.get(kind);
    if (!latencies) this.byKind.set(kind, (latencies = new Latencies()));
    latencies.record(endedAt - meantAt);
  }

  failed(as: FailedAs, meantAt: number, said: string, endedAt: number): void {
    if (!this.counts(meantAt)) return;
    // Whatever the outcome is called: clients call the same one by different names.
    if (endedAt - meantAt >= WAITED_MS) this.unfinished.record(endedAt - meantAt);
    this.errors[as] += 1;
    this.firstError ??= said;
  }

  /** One that was not begun, since too many were open. */
  notBegun(meantAt: number, said: string): void {
    this.failed('notSent', meantAt, said, meantAt);
    if (this.counts(meantAt)) this.unfinished.record(this.#to - meantAt);
  }

  counts(at: number): boolean {
    return at >= this.#from && at < this.#to;
  }
}
