import type { Beat } from './beat.ts';
import { Tally, type FailedAs } from './tally.ts';

/** How operations follow each other. */
export type Loop =
  /** at a given rate, whether or not earlier ones have ended; latency counts from the intended instant */
  | { readonly kind: 'open'; readonly perSecond: number }
  /** each caller begins the next when its last one has ended */
  | { readonly kind: 'closed'; readonly callers: number };

export interface Load {
  readonly loop: Loop;
  /** begins an operation; resolves with its kind */
  readonly run: () => Promise<string>;
  readonly judge: (error: unknown) => FailedAs;
  readonly beat: Beat;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** so long is waited for what is open when the time is over */
  readonly drainMs: number;
  /** the measured time begins, and ends */
  readonly onMeasure: (begins: boolean) => void;
}

/** More open operations than these are not begun: memory is bounded. They count as failed, not sent. */
const MAX_OPEN = 10_000;
/** A caller whose operations fail at once waits so long, or the load would be a busy loop. */
const FAILED_PAUSE_MS = 1;
const ERROR_CHARACTERS = 200;

/** Runs a load through warm-up and measured time, and tells what became of the operations of the latter. */
export async function runLoad(load: Load): Promise<Tally> {
  const { beat, loop } = load;
  const from = beat.now() + load.warmupMs;
  const to = from + load.measureMs;
  const operations = new Operations(load, new Tally(from, to));
  const marks = mark(load, from, to);
  await (loop.kind === 'open' ? open(operations, loop.perSecond, to) : closed(operations, loop.callers, to));
  await marks;
  await operations.drain(to + load.drainMs);
  return operations.tally;
}

async function mark({ beat, onMeasure }: Load, from: number, to: number): Promise<void> {
  await beat.until(from);
  onMeasure(true);
  await beat.until(to);
  onMeasure(false);
}

class Operations {
  readonly load: Load;
  readonly tally: Tally;
  /** when the open ones were meant to begin */
  readonly #open = new Map<Promise<boolean>, number>();

  constructor(load: Load, tally: Tally) {
    this.load = load;
    this.tally = tally;
  }

  /** Resolves with whether it ended well. */
  begin(meantAt: number): Promise<boolean> {
    if (this.#open.size >= MAX_OPEN) {
      this.tally.notBegun(meantAt, `${MAX_OPEN} operations were open: the rate is beyond what is served`);
      return Promise.resolve(false);
    }
    const operation = this.#run(meantAt).finally(() => this.#open.delete(operation));
    this.#open.set(operation, meantAt);
    return operation;
  }

  /** What has not ended by then is in doubt. */
  async drain(untilMs: number): Promise<void> {
    await Promise.race([Promise.all(this.#open.keys()), this.load.beat.until(untilMs)]);
    const now = this.load.beat.now();
    for (const meantAt of this.#open.values())
      this.tally.failed('unknown', meantAt, 'had not ended when the run was over', now);
  }

  async #run(meantAt: number): Promise<boolean> {
    const { run, judge, beat } = this.load;
    try {
      const kind = await run();
      this.tally.done(kind, meantAt, beat.now());
      return true;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.tally.failed(judge(error), meantAt, said.slice(0, ERROR_CHARACTERS), beat.now());
      return false;
    }
  }
}

async function open(operations: Operations, perSecond: number, to: number): Promise<void> {
  const { beat } = operations.load;
  const began = beat.now();
  for (let n = 0; ; n++) {
    const meantAt = began + (n * 1_000) / perSecond;
    if (meantAt >= to) return;
    if (meantAt > beat.now()) await beat.until(meantAt);
    void operations.begin(meantAt);
  }
}

async function closed(operations: Operations, callers: number, to: number): Promise<void> {
  const { beat } = operations.load;
  const caller = async (): Promise<void> => {
    while (beat.now() < to) {
      if (!(await operations.begin(beat.now()))) await beat.until(beat.now() + FAILED_PAUSE_MS);
    }
  };
  // A caller whose last operation hangs is left to the drain.
  await Promise.race([Promise.all(Array.from({ length: callers }, caller)), beat.until(to)]);
}
