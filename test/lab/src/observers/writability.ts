/** What is told when a member begins or ceases to accept writes. */
export interface WritabilityListener {
  onWritable(at: number, timeline: number): void;
  onNotWritable(at: number, lastWriteAt: number): void;
}

/** Turns single writes of one member into the two transitions that matter. */
export class Writability {
  readonly #listener: WritabilityListener;
  #current: { timeline: number; lastWriteAt: number } | undefined;

  constructor(listener: WritabilityListener) {
    this.#listener = listener;
  }

  /** A write was acknowledged. A member that comes back on another timeline is news even without a gap. */
  wrote(at: number, timeline = 0): void {
    const isNews = this.#current?.timeline !== timeline;
    this.#current = { timeline, lastWriteAt: at };
    if (isNews) this.#listener.onWritable(at, timeline);
  }

  didNotWrite(at: number): void {
    const last = this.#current;
    this.#current = undefined;
    if (last) this.#listener.onNotWritable(at, last.lastWriteAt);
  }
}
