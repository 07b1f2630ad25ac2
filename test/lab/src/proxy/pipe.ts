import type { Socket } from 'node:net';
import { monotonicMs } from '../monotonic.ts';

/** How a stream ended: politely (FIN) or not (RST). */
export type Ending = 'end' | 'reset';
type Item = { dueAt: number } & ({ bytes: Buffer } | { ending: Ending });

export interface PipeOptions {
  source: Socket;
  sink: Socket;
  /** Bytes held here before the source is paused. */
  maxBufferedBytes: number;
  /** Delay of the next chunk, in ms. */
  delayMs(): number;
  /** Runs it when that much time has passed, and returns what calls that off. */
  wakeIn(ms: number, run: () => void): () => void;
  stalled(): boolean;
  /** Sees bytes as they leave and returns those to forward; it may close the pipe. */
  onForward(bytes: Buffer): Buffer;
}

/**
 * One direction of a connection: holds what the source sent for its delay, in order, and writes it to the sink.
 * An end of the source travels the same way, behind the bytes before it.
 */
export class Pipe {
  readonly #options: PipeOptions;
  readonly #queue: Item[] = [];
  #bufferedBytes = 0;
  #lastDueAt = 0;
  #callOff: (() => void) | undefined;
  #sinkFull = false;
  #closed = false;

  constructor(options: PipeOptions) {
    this.#options = options;
    options.sink.on('drain', () => {
      this.#sinkFull = false;
      this.pump();
    });
  }

  push(bytes: Buffer): void {
    if (this.#closed) return;
    this.#bufferedBytes += bytes.length;
    this.#enqueue({ bytes, dueAt: this.#due() });
    if (this.#bufferedBytes >= this.#options.maxBufferedBytes) this.#options.source.pause();
  }

  pushEnding(ending: Ending): void {
    if (!this.#closed) this.#enqueue({ ending, dueAt: this.#due() });
  }

  /** Forwards what is due. Called again whenever time, room or behaviour change. */
  pump(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    while (!this.#closed && !this.#sinkFull && !this.#options.stalled()) {
      const item = this.#queue[0];
      if (!item) break;
      const waitMs = item.dueAt - monotonicMs();
      if (waitMs > 0) {
        this.#callOff = this.#options.wakeIn(waitMs, () => this.pump());
        break;
      }
      this.#queue.shift();
      this.#deliver(item);
    }
    this.#resumeSource();
  }

  /** Drops what it holds and forwards nothing more. */
  close(): void {
    this.#closed = true;
    this.#callOff?.();
    this.#queue.length = 0;
    this.#bufferedBytes = 0;
    this.#resumeSource();
  }

  #enqueue(item: Item): void {
    this.#queue.push(item);
    // Something ahead of it waits already and will take it along.
    if (this.#queue.length === 1) this.pump();
  }

  #due(): number {
    const delayMs = this.#options.delayMs();
    // Jitter must not let a chunk overtake the one before it.
    this.#lastDueAt = Math.max(this.#lastDueAt, delayMs > 0 ? monotonicMs() + delayMs : 0);
    return this.#lastDueAt;
  }

  #deliver(item: Item): void {
    const { sink } = this.#options;
    if ('ending' in item) {
      if (item.ending === 'end') sink.end();
      else sink.resetAndDestroy();
      return;
    }
    this.#bufferedBytes -= item.bytes.length;
    const bytes = this.#options.onForward(item.bytes);
    if (this.#closed || bytes.length === 0 || !sink.writable) return;
    this.#sinkFull = !sink.write(bytes);
  }

  #resumeSource(): void {
    const { source, maxBufferedBytes } = this.#options;
    // A closed pipe reads on and throws away: bytes to nowhere, and the source's end is still noticed.
    if (this.#bufferedBytes < maxBufferedBytes / 2 && source.isPaused()) source.resume();
  }
}
