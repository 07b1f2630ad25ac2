export interface CutOptions {
  /**
   * true (default): wait for the target's answer, drop it, then cut: the work was done and nobody was told.
   * false: cut as soon as the bytes are on their way to the target; its answer finds the link cut.
   */
  dropAnswer?: boolean;
  /** How many matches are cut before the rule is spent. Default 1. */
  count?: number;
  /** Matches that pass untouched first. Default 0. */
  skip?: number;
  /** false: the chunk with the match is not forwarded: to the client the same, but the work is never done. */
  forward?: boolean;
}

const MAX_PATTERN_BYTES = 4_096;

/** What `cutAfter` armed: shared by all connections of a link. */
export class CutRule {
  readonly pattern: Buffer;
  readonly dropAnswer: boolean;
  readonly forward: boolean;
  #toSkip: number;
  #toCut: number;

  constructor(pattern: string | Uint8Array, options: CutOptions = {}) {
    this.pattern = Buffer.from(pattern as Uint8Array);
    if (this.pattern.length === 0 || this.pattern.length > MAX_PATTERN_BYTES) {
      throw new Error(
        `cutAfter pattern of ${this.pattern.length} bytes: allowed are 1 to ${MAX_PATTERN_BYTES}`,
      );
    }
    this.dropAnswer = options.dropAnswer ?? true;
    this.forward = options.forward ?? true;
    this.#toSkip = wholeNumber('skip', options.skip ?? 0, 0);
    this.#toCut = wholeNumber('count', options.count ?? 1, 1);
  }

  get spent(): boolean {
    return this.#toCut === 0;
  }

  /** Takes note of one match and says whether the link is to be cut there. */
  cuts(): boolean {
    if (this.spent) return false;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return false;
    }
    this.#toCut--;
    return true;
  }
}

function wholeNumber(name: string, value: number, min: number): number {
  if (!Number.isInteger(value) || value < min) {
    throw new Error(`cutAfter ${name} ${value}: allowed is a whole number from ${min}`);
  }
  return value;
}
