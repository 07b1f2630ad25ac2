/** What has to be undone at the end, however the end comes: last made, first undone. */
export class Teardown {
  readonly #steps: { what: string; undo: (failed: boolean) => Promise<void> }[] = [];
  readonly #onProblem: (line: string) => void;

  constructor(onProblem: (line: string) => void) {
    this.#onProblem = onProblem;
  }

  /** `undo` is told whether the run failed: then there is something to look into. */
  defer(what: string, undo: (failed: boolean) => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes everything, also where one step fails; a second call finds nothing left to do. */
  async run(failed: boolean): Promise<void> {
    for (const { what, undo } of this.#steps.splice(0).reverse()) {
      try {
        await undo(failed);
      } catch (error) {
        this.#onProblem(`could not end ${what}: ${(error as Error).message}`);
      }
    }
  }
}
