import type { Clock, Instant, Timer } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';

export interface SilenceWatchOptions {
  clock: Clock;
  silenceMs: number;
  clients: () => readonly HaClient[];
  /** called when work has been in flight for silenceMs and not a byte has come */
  onSilence: () => void;
}

interface Mark {
  bytesRead: number;
  since: Instant;
}

/**
 * Notices links that have gone quiet with work in flight, by comparing byte counters from time to time: nothing is done per
 * query. Silence is a reason to look at the primary, never to cut a link: a slow query is not a failover.
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
    const silent = this.#options.clients().filter((client) => this.#isSilent(client));
    if (silent.length > 0) this.#options.onSilence();
    this.#schedule();
  }

  #isSilent(client: HaClient): boolean {
    const now = this.#options.clock.now();
    const { bytesRead } = client;
    const mark = this.#marks.get(client);
    if (!client.busy || !mark || mark.bytesRead !== bytesRead) {
      this.#marks.set(client, { bytesRead, since: now });
      return false;
    }
    return now - mark.since >= this.#options.silenceMs;
  }
}
