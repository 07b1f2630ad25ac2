import { sleep, type Endpoint } from '@steadfast/shared';
import { Beside, throwRefusal, type BesideOptions } from '../wire/beside.ts';
import type { WireConnection } from '../wire/wire-connection.ts';
import { beat, UNPROVEN, type Heartbeat } from './heartbeat.ts';

export interface HeartbeatOptions extends Omit<BesideOptions, 'work' | 'purpose'> {
  /** without a confirmation for so long, replicas are missing, ms */
  limitMs: number;
  /** replicas are missing, or are there again */
  onMissing: (missing: boolean) => void;
}

/** Something to replicate that changes nothing: nobody listens there. */
const CHANNEL = 'steadfast:heartbeat';
/** A master that answers late is no master that is cut off. */
const ANSWER_MS = 1_000;

/**
 * Asks the master, on a connection of its own, for something to be replicated, and how many replicas confirm it. WAIT counts
 * for the writes of its own connection, and blocks it: so it is neither the data's connection nor one without writes.
 */
export class HeartbeatWatch {
  readonly #options: HeartbeatOptions;
  readonly #beside: Beside;
  #generation = 0;
  #state: Heartbeat = UNPROVEN;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    const work = (connection: WireConnection, signal: AbortSignal): Promise<void> =>
      this.#run(connection, signal);
    this.#beside = new Beside({ ...options, purpose: 'the heartbeat of the replicas', work });
  }

  /** While nobody is followed nothing is asked; what was known of the last one stays until another is. */
  follow(primary: Endpoint | undefined, generation: number): void {
    if (generation !== this.#generation) this.#transition(UNPROVEN);
    this.#generation = generation;
    this.#beside.follow(primary, generation);
  }

  close(): void {
    this.#beside.close();
  }

  async #run(connection: WireConnection, signal: AbortSignal): Promise<void> {
    const { clock, limitMs } = this.#options;
    const pauseMs = Math.max(1, Math.floor(limitMs / 2));
    const questions = [
      ['PUBLISH', CHANNEL, ''],
      ['WAIT', 1, pauseMs],
    ];
    while (!signal.aborted) {
      const askedAt = clock.now();
      const replies = await connection.ask(questions, pauseMs + ANSWER_MS);
      if (signal.aborted) return;
      throwRefusal(replies);
      const answeredAt = clock.now();
      this.#transition(beat(this.#state, { askedAt, answeredAt, replicas: Number(replies[1]) }, limitMs));
      // While they are missing the question itself waits for them.
      const restMs = this.#state.at === 'missing' ? 1 : pauseMs - (answeredAt - askedAt);
      await sleep(clock, Math.max(1, restMs), { signal, background: true });
    }
  }

  #transition(next: Heartbeat): void {
    const missing = next.at === 'missing';
    const changed = missing !== (this.#state.at === 'missing');
    this.#state = next;
    if (!changed) return;
    const { log, onMissing } = this.#options;
    log.warn(
      { event: missing ? 'replicas-missing' : 'replicas-back' },
      missing ? 'no replica confirms anything: writes wait' : 'writes wait for replicas no more',
    );
    onMissing(missing);
  }
}
