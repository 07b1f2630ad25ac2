import type { Call, CallRecord, CallResult } from './call.ts';

export interface LoadOptions {
  /** requests a second */
  readonly rate: number;
  readonly next: () => Call;
  readonly send: (call: Call) => Promise<CallResult>;
  /** ms on the clock that faults and observers are dated by */
  readonly now: () => number;
}

interface Sent {
  readonly call: Call;
  readonly dueAt: number;
}

/** How often due requests are looked for; a request that is due in between is sent this much late and counts so. */
const TICK_MS = 2;
/** A minute of requests without an answer: beyond that the load itself is at fault. */
const MAX_OUTSTANDING_S = 60;
/** Longer than any run. */
const MAX_REQUESTS = 2_000_000;

/**
 * Sends at a steady rate whatever the answers do, as users would. Every request has a time when it is due,
 * and its latency counts from there: waiting in line is not left out.
 */
export class OpenLoop {
  readonly records: CallRecord[] = [];
  readonly #options: LoadOptions;
  readonly #outstanding = new Set<Sent>();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #sent = 0;
  #drained: (() => void) | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get rate(): number {
    return this.#options.rate;
  }

  get startedAt(): number {
    return this.#startedAt;
  }

  /** Requests without an answer yet. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  start(): void {
    this.#startedAt = this.#options.now();
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  /** Sends no more and waits at most `timeoutMs` for answers; what has none then is unknown. */
  async stop(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer);
    if (this.#outstanding.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#drained = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const sent of this.#outstanding)
      this.#record(sent, { ok: false, outcome: 'unknown', code: 'NO_ANSWER' });
  }

  #sendDue(): void {
    const { now, rate, next } = this.#options;
    const due = Math.min(MAX_REQUESTS, 1 + Math.floor(((now() - this.#startedAt) * rate) / 1000));
    while (this.#sent < due) {
      const dueAt = this.#startedAt + (this.#sent * 1000) / rate;
      this.#sent += 1;
      void this.#sendOne({ call: next(), dueAt });
    }
  }

  async #sendOne(sent: Sent): Promise<void> {
    const crowded = this.#outstanding.size >= this.#options.rate * MAX_OUTSTANDING_S;
    this.#outstanding.add(sent);
    const result: CallResult = crowded
      ? { ok: false, outcome: 'notSent', code: 'LOAD_CROWDED' }
      : await this.#options.send(sent.call);
    this.#record(sent, result);
    if (this.#outstanding.size === 0) this.#drained?.();
  }

  /** Once for each request: an answer after the load has given up changes nothing. */
  #record(sent: Sent, result: CallResult): void {
    if (!this.#outstanding.delete(sent)) return;
    const { kind, key } = sent.call;
    this.records.push({ kind, key, dueAt: sent.dueAt, endedAt: this.#options.now(), result });
  }
}
