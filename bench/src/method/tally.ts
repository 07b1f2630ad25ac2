import { Latencies } from './latencies.ts';

export type FailedAs = 'notSent' | 'rejected' | 'unknown';
export type Errors = Record<FailedAs, number>;

/** What became of the operations that belong to the measured time: those meant to begin within it. */
export class Tally {
  readonly #from: number;
  readonly #to: number;
  readonly byKind: Map<string, Latencies> = new Map();
  readonly errors: Errors = { notSent: 0, rejected: 0, unknown: 0 };
  /** what the first failed operation said */
  firstError: string | undefined;

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  done(kind: string, meantAt: number, endedAt: number): void {
    if (!this.counts(meantAt)) return;
    let latencies = this.byKind.get(kind);
    if (!latencies) this.byKind.set(kind, (latencies = new Latencies()));
    latencies.record(endedAt - meantAt);
  }

  failed(as: FailedAs, meantAt: number, said: string): void {
    if (!this.counts(meantAt)) return;
    this.errors[as] += 1;
    this.firstError ??= said;
  }

  counts(meantAt: number): boolean {
    return meantAt >= this.#from && meantAt < this.#to;
  }
}
