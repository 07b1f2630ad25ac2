import type { Clock, Instant, Timer } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';

export interface SilenceWatchOptions {
  clock: Clock;
  silenceMs: number;
  clients: () => readonly HaClient[];
  /** called while work has been in flight for silenceMs or longer and not a byte has come */
  onSilence: (client: HaClient, silentMs: number) => void;
  /** called at every look, after the links have been looked at */
  onLook: () => void;
}

interface Mark {
  bytesRead: number;
  since: Instant;
}

/**
 * Notices links that have gone quiet with work in flight, by comparing byte counters from time to time: nothing is done per
 * query. Silence is a reason to look at the primary, not to cut a link: a slow query is not a failover.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #marks = new WeakMap<HaClient, Mark>();
  #timer: Timer | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, silenceMs } = this.#options;
    this.#timer = clock.timer(silenceMs / 4, () => this.#look(), { background: true });
  }

  #look(): void {
    const { clients, silenceMs, onSilence, onLook } = this.#options;
    for (const client of clients()) {
      const silentMs = this.#silentMs(client);
      if (silentMs >= silenceMs) onSilence(client, silentMs);
    }
    onLook();
    this.#schedule();
  }

  #silentMs(client: HaClient): number {
    const now = this.#options.clock.now();
    const { bytesRead } = client;
    const mark = this.#marks.get(client);
    if (client.busy && mark?.bytesRead === bytesRead) return now - mark.since;
    this.#marks.set(client, { bytesRead, since: now });
    return 0;
  }
}
