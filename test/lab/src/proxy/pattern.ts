/** Finds a pattern in a stream of chunks, also where it straddles their borders. */
export class PatternMatcher {
  readonly #pattern: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(pattern: Buffer) {
    this.#pattern = pattern;
  }

  /** How often the pattern is completed by this chunk; matches do not overlap. */
  feed(chunk: Buffer): number {
    const seen = Buffer.concat([this.#tail, chunk]);
    let matches = 0;
    let from = 0;
    for (;;) {
      const at = seen.indexOf(this.#pattern, from);
      if (at < 0) break;
      matches++;
      from = at + this.#pattern.length;
    }
    // Less than one pattern is kept: the tail alone can never match.
    this.#tail = seen.subarray(Math.max(from, seen.length - this.#pattern.length + 1));
    return matches;
  }
}
