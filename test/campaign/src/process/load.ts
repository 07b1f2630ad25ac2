import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { HistoryLine, Stall } from '@steadfast/check';
import type { Driver } from '../clients/client.ts';
import type { Turn } from '../clients/plans.ts';
import type { ClientStatus, Job, LoadResult } from './messages.ts';
import { OpenLoop } from './open-loop.ts';
import type { Sockets } from './sockets.ts';

const TICK_MS = 4;
/** A tick this late is the machine's doing where the process did not compute meanwhile; else the client's. */
const STALL_NS = 10e6;
const SAMPLE_EVERY_NS = 500e6;
const ERROR_CHARACTERS = 160;

/** The writers of a client process: an open loop over the driver's kinds of work, each call kept in the history. */
export class Load {
  readonly #driver: Driver;
  readonly #job: Job;
  readonly #sockets: Sockets;
  readonly #file: WriteStream;
  /** what the open loop begins */
  readonly #kinds: string[];
  readonly #open = new Set<Promise<void>>();
  #newestWriteBegan = 0;
  #lastTick = now();
  #lastSample = 0;
  #lastCpu = cpuNs();
  readonly #stalls: Stall[] = [];
  #ended = false;
  #asked = 0;
  #failed = 0;
  #lastError = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(driver: Driver, job: Job, sockets: Sockets) {
    this.#sockets = sockets;
    this.#driver = driver;
    this.#job = job;
    this.#kinds = Object.keys(driver.work).filter((kind) => !driver.work[kind]?.onRequest);
    this.#file = createWriteStream(job.historyFile);
  }

  get status(): ClientStatus {
    return { newestWriteBegan: this.#newestWriteBegan, open: this.#open.size };
  }

  /** One call of each kind, so that connections stand and code is compiled; rejects where one fails. */
  async warmUp(): Promise<void> {
    for (const kind of this.#kinds) await this.#call({ id: `warm-up-${kind}`, writer: 0, n: -1 }, kind);
    if (this.#failed > 0)
      throw new Error(
        `${this.#failed} of ${this.#kinds.length} kinds of work failed at the start: ${this.#lastError}`,
      );
  }

  start(): void {
    const loop = new OpenLoop(this.#job.writers, this.#job.rate, now());
    this.#lastTick = now();
    this.#lastCpu = cpuNs();
    this.#timer = setInterval(() => {
      const at = now();
      const cpu = cpuNs();
      const ran = cpu - this.#lastCpu;
      const idle = ran < (at - this.#lastTick) / 2;
      if (idle && at - this.#lastTick > STALL_NS) this.#stalls.push({ from: this.#lastTick + ran, to: at });
      this.#lastCpu = cpu;
      this.#lastTick = at;
      if (at - this.#lastSample >= SAMPLE_EVERY_NS) this.#sample(at);
      if (this.#ended) return;
      for (const { writer, n } of loop.due(at)) this.#beginNext(writer, n);
    }, TICK_MS);
  }

  async halt(drainMs: number): Promise<LoadResult> {
    this.#ended = true;
    const limit = AbortSignal.timeout(drainMs);
    while (this.#open.size > 0 && !limit.aborted) {
      const aborted = new Promise<void>((resolve) =>
        limit.addEventListener('abort', () => resolve(), { once: true }),
      );
      await Promise.race([Promise.all(this.#open), aborted]);
    }
    clearInterval(this.#timer);
    const endedAt = now();
    this.#file.end();
    await finished(this.#file);
    return { endedAt, stalls: this.#stalls };
  }

  /** Calls of a kind beside the load, all at once; a client without that kind begins none. */
  begin(kind: string, count: number): void {
    if (!this.#driver.work[kind]) return;
    for (let end = this.#asked + count; this.#asked < end; this.#asked++) {
      const turn = { id: `${kind}-${this.#asked}`, writer: 0, n: this.#asked };
      this.#track(this.#call(turn, kind));
    }
  }

  /** The event loop stands still, as under a long computation of the app's; its fault, and none of the client's. */
  block(ms: number): void {
    const from = now();
    while (now() < from + ms * 1e6);
    this.#lastTick = now();
    this.#lastCpu = cpuNs();
    this.#stalls.push({ from, to: this.#lastTick });
  }

  #beginNext(writer: number, n: number): void {
    const kind = this.#kinds[(writer + n) % this.#kinds.length] ?? '';
    this.#track(this.#call({ id: `${writer}-${n}`, writer, n }, kind));
  }

  #track(call: Promise<void>): void {
    this.#open.add(call);
    void call.finally(() => this.#open.delete(call));
  }

  async #call(turn: Turn, kind: string): Promise<void> {
    const work = this.#driver.work[kind];
    if (!work) return;
    const { id, writer } = turn;
    const { deadlineMs } = work;
    const intent = work.intent?.(turn);
    const began = now();
    // What is undefined is left out of JSON.
    this.#write({ event: 'invoke', id, at: began, writer, kind, ...(deadlineMs && { deadlineMs }), intent });
    try {
      const { epoch, wroteAt, value } = await work.run(id, turn);
      const known = { ...(epoch !== undefined && { epoch }), ...(wroteAt !== undefined && { wroteAt }) };
      this.#write({ event: 'ok', id, at: now(), ...known, value });
      if (isWrite(kind)) this.#newestWriteBegan = Math.max(this.#newestWriteBegan, began);
    } catch (error) {
      this.#failed += 1;
      this.#lastError = describe(error);
      this.#write({ event: this.#driver.outcomeOf(error), id, at: now(), error: this.#lastError });
    }
  }

  #sample(at: number): void {
    this.#lastSample = at;
    const { dials, open: sockets } = this.#sockets;
    const rssMb = Math.round(process.memoryUsage.rss() / 2 ** 20);
    const values = { ...this.#driver.sample?.(), open: this.#open.size, sockets, dials, rssMb };
    this.#write({ event: 'sample', at, values });
  }

  /** What ends after the history has ended is no part of it. */
  #write(event: HistoryLine): void {
    if (!this.#file.writableEnded) this.#file.write(`${JSON.stringify(event)}\n`);
  }
}

const READS: ReadonlySet<string> = new Set(['read', 'brief', 'audit', 'session-read']);

export function isWrite(kind: string): boolean {
  return !READS.has(kind);
}

function now(): number {
  return Number(process.hrtime.bigint());
}

function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}

function describe(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return `${typeof code === 'string' ? `${code} ` : ''}${String(message)}`.slice(0, ERROR_CHARACTERS);
}
