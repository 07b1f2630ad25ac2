/** Rates are counted in slices of so long, ms. */
const SLICE_MS = 100;

/** Counts what happens, and how much of it in the busiest moment. */
export class Tally {
  total = 0;
  readonly #slices: number[] = [];

  add(now: number): void {
    const slice = Math.floor(now / SLICE_MS);
    this.total += 1;
    this.#slices[slice] = (this.#slices[slice] ?? 0) + 1;
  }

  /** In its busiest tenth of a second, by the second. */
  get busiestPerSecond(): number {
    const most = this.#slices.reduce((a, b) => Math.max(a, b), 0);
    return (most * 1_000) / SLICE_MS;
  }
}
