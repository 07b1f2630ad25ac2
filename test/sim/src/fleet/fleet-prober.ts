import type { Clock, Endpoint, Observation, Prober, QuestionSigns } from '@steadfast/shared';
import type { NewPrimary } from './new-primary.ts';

/** An address that took no connection for so long was shut, ms. */
const SHUT_MS = 100;
/** A question that shall lose no time must have a connection by this part of its patience, and no sooner than that, ms. */
const CONNECT_SHARE = 0.4;
const LEAST_CONNECT_MS = 100;
/** A spare connection that nobody has taken by then is closed, ms. */
const KEEP_MS = 1_000;

export interface FleetProberOptions {
  readonly clock: Clock;
  readonly server: NewPrimary;
  /** what is answered without any cost: all before the loss, and that the old primary refuses connections; else undefined */
  readonly free: (endpoint: Endpoint, at: number) => Observation | undefined;
  /** what the new one says of itself */
  readonly self: (endpoint: Endpoint, at: number) => Observation;
  /** questions go out on connections of the pool's own: `wanted` while calls wait, `eager` while a primary is searched for */
  readonly scout: { readonly wanted: () => boolean; readonly eager: () => boolean } | undefined;
}

/**
 * MODELLED: questions as PgProber, ProbeLines and Spare put them. One line of our own and one of the pool's stand from one
 * question to the next; what is put beside another is dialled anew. On which line the primary was found, that serves a call.
 */
export class FleetProber implements Prober {
  readonly #options: FleetProberOptions;
  /** which lines stand */
  readonly #standing = { own: false, pool: false };
  #spareUntil = -Infinity;

  constructor(options: FleetProberOptions) {
    this.#options = options;
  }

  probe(
    endpoint: Endpoint,
    timeoutMs: number,
    patienceMs: number = timeoutMs,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation> {
    const { clock, free } = this.#options;
    const answer = free(endpoint, clock.now());
    if (answer) return new Promise((resolve) => clock.timer(1, () => resolve(answer)));
    return patienceMs < timeoutMs
      ? this.#beside(endpoint, timeoutMs, patienceMs, signs, letInMs)
      : this.#onLine(endpoint, timeoutMs, signs, letInMs);
  }

  /** The connection on which the primary was found, once. */
  takeSpare(): boolean {
    const there = this.#spareThere;
    this.#spareUntil = -Infinity;
    return there;
  }

  rest(): void {
    this.#standing.own = this.#standing.pool = false;
  }

  close(): void {
    this.rest();
  }

  get #spareThere(): boolean {
    return this.#options.clock.now() < this.#spareUntil;
  }

  #onLine(
    endpoint: Endpoint,
    timeoutMs: number,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation> {
    const { clock, server, scout } = this.#options;
    const at = clock.now();
    const line = scout?.eager() ? 'pool' : 'own';
    return new Promise((resolve) => {
      const late = (): void => {
        this.#standing[line] = false;
        giveUp();
        resolve({ kind: 'unreachable', endpoint, reason: 'late', at });
      };
      let timer = clock.timer(timeoutMs, late);
      let open = true;
      let giveUp = (): void => void (open = false);
      const done = (): void => {
        if (!open) return;
        timer.cancel();
        resolve(this.#answer(endpoint, at, line));
      };
      if (this.#standing[line]) return server.ask(done);
      const opened = (afterMs: number): void => {
        signs?.letIn();
        if (afterMs >= SHUT_MS || letInMs !== undefined) {
          timer.cancel();
          timer = clock.timer(letInMs ?? timeoutMs, late);
        }
        if (afterMs >= SHUT_MS) signs?.opened();
      };
      giveUp = server.logIn('knocks', { opened, heard: () => signs?.heard(), done });
    });
  }

  #beside(
    endpoint: Endpoint,
    timeoutMs: number,
    patienceMs: number,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation> {
    const { clock, server, scout } = this.#options;
    const at = clock.now();
    const scouting = scout?.wanted() && !this.#spareThere;
    const connectMs = Math.min(patienceMs, Math.max(LEAST_CONNECT_MS, CONNECT_SHARE * patienceMs));
    return new Promise((resolve) => {
      const late = (): void => {
        giveUp();
        resolve({ kind: 'unreachable', endpoint, reason: 'late', at });
      };
      let timer = clock.timer(connectMs, late);
      const until = (ms: number): void => {
        timer.cancel();
        timer = clock.timer(at + ms - clock.now(), late);
      };
      const giveUp = server.logIn('once', {
        opened: () => {
          signs?.letIn();
          until(letInMs ?? patienceMs);
        },
        heard: () => {
          until(letInMs ?? timeoutMs);
          signs?.heard();
        },
        done: () => {
          timer.cancel();
          resolve(this.#answer(endpoint, at, scouting ? 'pool' : undefined));
        },
      });
    });
  }

  #answer(endpoint: Endpoint, at: number, line: 'own' | 'pool' | undefined): Observation {
    const { clock, scout, server, self } = this.#options;
    const found = line === 'pool' && server.promoted && scout?.wanted() && !this.#spareThere;
    if (found) this.#spareUntil = clock.now() + KEEP_MS;
    if (line) this.#standing[line] = !found;
    return self(endpoint, at);
  }
}
