/** What a log holds of one piece of work, or of a claim on its proof. */
export interface Entry {
  readonly work: number;
  /** names the proof that it carries, or that it claims */
  readonly token: number | undefined;
  readonly kind: 'write' | 'commit' | 'claim';
}

/** What became of each piece of work on any server: the truth that the client's words are held against. */
export class Ledger {
  /** how often each was applied, counting every server that took it as a primary */
  readonly #applied = new Map<number, number>();
  /** work of which the client was told that nothing was applied */
  readonly #denied = new Set<number>();
  readonly #violate: (rule: string, detail: string) => void;

  constructor(violate: (rule: string, detail: string) => void) {
    this.#violate = violate;
  }

  applied(work: number): number {
    return this.#applied.get(work) ?? 0;
  }

  /** A server that leads applies it. */
  apply(work: number, server: string): void {
    this.#applied.set(work, this.applied(work) + 1);
    if (this.#denied.has(work))
      this.#violate('outcome', `work ${work} is applied on ${server} after it was denied`);
  }

  /** The client is told that nothing of it was applied, and never will be. */
  deny(work: number, outcome: string): void {
    this.#denied.add(work);
    if (this.applied(work) > 0) this.#violate('outcome', `work ${work} ended ${outcome}, and it was applied`);
  }
}
