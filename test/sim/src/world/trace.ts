import type { EventClock } from '../time/event-clock.ts';

type Detail = string | number | undefined;

/** What has happened, in order: always as a fingerprint, and as text where somebody wants to read it. */
export class Trace {
  readonly lines: string[] = [];
  readonly #clock: EventClock;
  readonly #tells: boolean;
  #hash = 0x811c9dc5;

  constructor(clock: EventClock, tells: boolean) {
    this.#clock = clock;
    this.#tells = tells;
  }

  /** The same for two runs in which the same has happened at the same times (FNV-1a, 32 bits). */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  note(event: string, ...details: readonly Detail[]): void {
    const at = this.#clock.now().toFixed(3);
    const line = `${at} ${event} ${details.filter((each) => each !== undefined).join(' ')}`;
    for (let n = 0; n < line.length; n++) this.#hash = Math.imul(this.#hash ^ line.charCodeAt(n), 0x01000193);
    if (this.#tells)
      this.lines.push(`${at.padStart(10)}  ${event.padEnd(12)} ${line.slice(at.length + event.length + 2)}`);
  }
}
