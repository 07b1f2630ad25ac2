export interface Problem {
  /** Who could not do its work, e.g. 'pg h1'. */
  source: string;
  message: string;
  count: number;
}

const MAX_PROBLEMS = 200;

/** What went wrong in the observers themselves or on their way, each distinct message once, with a count. */
export class Problems {
  readonly #problems = new Map<string, Problem>();

  add(source: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const key = `${source}: ${message}`;
    const known = this.#problems.get(key);
    if (known) known.count++;
    else if (this.#problems.size < MAX_PROBLEMS) this.#problems.set(key, { source, message, count: 1 });
  }

  list(): Problem[] {
    return [...this.#problems.values()];
  }
}
