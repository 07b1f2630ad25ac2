export interface Beat {
  readonly writer: number;
  /** which of the writer's calls this is, from 0 */
  readonly n: number;
}

/** The calls of open-loop writers that are due: each writer keeps its rate, whether or not its calls end. */
export class OpenLoop {
  readonly #periodNs: number;
  readonly #began: number;
  readonly #next: number[];

  /** @param rate calls a second of each writer, which are spread over the period */
  constructor(writers: number, rate: number, nowNs: number) {
    this.#periodNs = 1e9 / rate;
    this.#began = nowNs;
    this.#next = Array.from({ length: writers }, () => 0);
  }

  due(nowNs: number): Beat[] {
    return this.#next.flatMap((next, writer) => {
      const offset = (writer / this.#next.length) * this.#periodNs;
      const until = Math.floor((nowNs - this.#began - offset) / this.#periodNs) + 1;
      if (until <= next) return [];
      this.#next[writer] = until;
      return Array.from({ length: until - next }, (_, index) => ({ writer, n: next + index }));
    });
  }
}
