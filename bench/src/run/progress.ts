import { monotonicMs } from '@steadfast/lab';

const LINE_EVERY_MS = 5_000;

/** How far a run is and how long the rest takes, on one line of a terminal, or a line now and then elsewhere. */
export class Progress {
  readonly #startedAt = monotonicMs();
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  readonly #plannedMs: number;
  #doneMs = 0;
  #saidAt = -Infinity;

  /** @param plannedMs what the steps are thought to take together */
  constructor(plannedMs: number, stream: { write(text: string): unknown; isTTY?: boolean } = process.stderr) {
    this.#plannedMs = plannedMs;
    this.#write = (text) => void stream.write(text);
    this.#terminal = stream.isTTY === true;
  }

  /** A step that was thought to take so long is over. */
  done(plannedMs: number, what: string): void {
    this.#doneMs += plannedMs;
    const now = monotonicMs();
    const percent = Math.min(100, Math.round((100 * this.#doneMs) / this.#plannedMs));
    const line = `[${percent} %, ${leftOf(now - this.#startedAt, this.#doneMs, this.#plannedMs)} left] ${what}`;
    if (this.#terminal) this.#write(`\r\u{1b}[2K${line}`);
    else if (now - this.#saidAt >= LINE_EVERY_MS) {
      this.#write(`${line}\n`);
      this.#saidAt = now;
    }
  }

  /** Something that stays on the screen. */
  say(line: string): void {
    this.#write(this.#terminal ? `\r\u{1b}[2K${line}\n` : `${line}\n`);
  }

  end(): void {
    if (this.#terminal) this.#write('\r\u{1b}[2K');
  }
}

/** By what the steps so far took in truth. */
export function leftOf(tookMs: number, doneMs: number, plannedMs: number): string {
  const leftS = (Math.max(0, plannedMs - doneMs) * (tookMs / Math.max(1, doneMs))) / 1_000;
  return leftS < 90 ? `${Math.round(leftS)} s` : `${Math.round(leftS / 60)} min`;
}
