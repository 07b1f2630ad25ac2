import type { Clock, Instant, Timer } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';

/** However short the limits are: links are looked at no more often than this, ms. */
const MIN_LOOK_MS = 10;

export interface SilenceWatchOptions {
  clock: Clock;
  silenceMs: number;
  /** an idle connection that has been quiet for so long is marked stale; undefined: never */
  idleCheckMs: number | undefined;
  clients: () => readonly HaClient[];
  /**
   * called while work has been in flight for silenceMs or longer and not a byte has come; `news` the first time, and whenever
   * that has doubled: a statement that takes its time is no reason to ask the servers all the while
   */
  onSilence: (client: HaClient, silentMs: number, news: boolean) => void;
  /** called at every look, after the links have been looked at */
  onLook: () => void;
}

interface Mark {
  bytesRead: number;
  busy: boolean;
  since: Instant;
}

/**
 * Notices links that have gone quiet, by comparing byte counters from time to time: nothing is done per query.
 * Silence with work in flight is a reason to look at the primary, not to cut a link: a slow query is not a failover. Silence
 * without is a reason to ask for a sign of life before somebody gets the connection.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  readonly #marks = new WeakMap<HaClient, Mark>();
  #timer: Timer | undefined;
  #lookedAt: Instant;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #schedule(): void {
    const { clock, silenceMs, idleCheckMs = silenceMs } = this.#options;
    const everyMs = Math.max(MIN_LOOK_MS, Math.min(silenceMs, idleCheckMs) / 4);
    this.#timer = clock.timer(everyMs, () => this.#look(), { background: true });
  }

  #look(): void {
    const { clock, clients, silenceMs, idleCheckMs = Infinity, onSilence, onLook } = this.#options;
    const now = clock.now();
    for (const client of clients()) {
      const quietMs = this.#quietMs(client, now);
      if (!client.busy) client.stale = quietMs >= idleCheckMs;
      else if (quietMs >= silenceMs) onSilence(client, quietMs, this.#isNews(quietMs, now));
    }
    this.#lookedAt = now;
    onLook();
    this.#schedule();
  }

  #isNews(quietMs: number, now: Instant): boolean {
    const doublings = (ms: number): number => Math.floor(Math.log2(ms / this.#options.silenceMs));
    const beforeMs = Math.max(0, quietMs - (now - this.#lookedAt));
    return doublings(quietMs) > Math.max(-1, doublings(beforeMs));
  }

  /** How long it has been as it is now: busy or not, and without a byte. */
  #quietMs(client: HaClient, now: Instant): number {
    const { bytesRead, busy } = client;
    const mark = this.#marks.get(client);
    const heard = mark?.bytesRead !== bytesRead;
    if (mark && !heard && mark.busy === busy) return now - mark.since;
    // What was sent after the last look may have been sent right after it.
    const since = heard ? now : this.#lookedAt;
    this.#marks.set(client, { bytesRead, busy, since });
    return now - since;
  }
}
