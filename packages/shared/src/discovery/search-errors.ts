import { isFinal, isHaError, type HaError } from '../errors/ha-error.ts';

/** What went wrong while looking: for messages, and to tell when waiting would only hide it. */
export class SearchErrors {
  #newest: { readonly asker: string; readonly error: unknown } | undefined;
  /** the first error that asking elsewhere would hide */
  #refusal: HaError | undefined;
  /** whom the search has asked and heard of, one way or another */
  readonly #asked = new Set<string>();

  /** The last thing that went wrong, until whoever it went wrong with has answered after all, or a primary is found. */
  get newest(): unknown {
    return this.#newest?.error;
  }

  /** A question of this asker has ended. */
  answered(asker: string): void {
    this.#asked.add(asker);
    if (this.#newest?.asker === asker) this.#newest = undefined;
  }

  failed(asker: string, error: unknown): void {
    this.#asked.add(asker);
    // A pool that has ended asks no more, and nobody is to blame for it.
    if (!isHaError(error, 'HA_CLOSED')) this.#newest = { asker, error };
    if (isFinal(error)) this.#refusal ??= error;
  }

  found(): void {
    this.#newest = undefined;
  }

  /** Somebody's refusal, where all of these have been asked since the last one was taken. */
  takeRefusal(askers: Iterable<string>): HaError | undefined {
    const refusal = this.#refusal;
    if (!refusal || ![...askers].every((asker) => this.#asked.has(asker))) return undefined;
    this.#refusal = undefined;
    this.#asked.clear();
    return refusal;
  }
}

/** A server that refuses a question so is there: nothing more speaks against it. */
export function isRefusal(error: unknown): boolean {
  return isFinal(error) || isHaError(error, 'HA_DIAL_FAILED');
}
