import type pg from 'pg';
import {
  asError,
  type Clock,
  type Endpoint,
  type Observation,
  type Prober,
  type QuestionSigns,
} from '@steadfast/shared';
import type { Who } from '../dial/dial-context.ts';
import type { QuestionBounds } from '../dial/question-bounds.ts';
import { readIdentity, type Identity, type Observe } from '../dial/identity.ts';
import { dialError } from '../errors/dial-error.ts';
import { meaningOf, refusesLogin, sqlstateOf } from '../errors/sqlstate.ts';
import { ProbeLines } from './probe-lines.ts';
import type { Scout } from './scout.ts';

export interface PgProberOptions {
  clock: Clock;
  config: pg.ClientConfig;
  observe: Observe;
  who: Who;
  /** dial anew for every question: what stands behind an address can change (HAProxy) */
  fresh: boolean;
  /** pools that may ask in our place, so that what finds the primary serves their calls */
  scouts: ReadonlySet<Scout>;
}

/**
 * Asks members for their role by SQL. Connections to standbys stay open during a search, so that a promotion is seen within
 * one short round trip of happening; all are closed when the search is over.
 */
export class PgProber implements Prober {
  readonly #options: PgProberOptions;
  readonly #lines: ProbeLines;

  constructor(options: PgProberOptions) {
    const { clock, config, fresh } = options;
    this.#options = options;
    this.#lines = new ProbeLines({ clock, config, fresh, applicationName: 'steadfast-probe' });
  }

  async probe(
    endpoint: Endpoint,
    timeoutMs: number,
    patienceMs: number = timeoutMs,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation> {
    const { clock, observe, who } = this.#options;
    const at = clock.now();
    try {
      return observe(endpoint, await this.#ask(endpoint, { timeoutMs, patienceMs, letInMs, signs }), at);
    } catch (error) {
      const failure = dialError(asError(error), endpoint, who);
      // A server that is full says nothing about its role, and is not unreachable either.
      if (failure.code !== 'HA_DIAL_FAILED' || sqlstateOf(error) === '53300') throw failure;
      return { kind: 'unreachable', endpoint, reason: failure.message, at };
    }
  }

  async recall(endpoint: Endpoint, timeoutMs: number): Promise<Observation | undefined> {
    const { clock, observe, scouts } = this.#options;
    const at = clock.now();
    for (const scout of scouts) {
      const asked = scout.recall(endpoint, { timeoutMs, patienceMs: timeoutMs });
      // Why it has failed is for a question to say that is dialled.
      const identity = await asked?.catch(() => undefined);
      if (identity) return observe(endpoint, identity, at);
    }
    return undefined;
  }

  #ask(endpoint: Endpoint, bounds: QuestionBounds): Promise<Identity> {
    const { scouts } = this.#options;
    const fresh = this.#options.fresh || bounds.patienceMs < bounds.timeoutMs;
    const scout = [...scouts].find(({ wanted, eager }) => (fresh ? wanted : eager));
    if (!scout) return this.#lines.ask(endpoint, bounds, readIdentity);
    return scouts.size === 1
      ? scout.ask(endpoint, bounds, !fresh)
      : this.#askForAll(scout, endpoint, bounds, !fresh);
  }

  /**
   * A pool's sessions may have what its server does not know, or allow no question its time: where the server has spoken and
   * nothing came of it, it is asked once more, for the other pools.
   */
  async #askForAll(
    scout: Scout,
    endpoint: Endpoint,
    bounds: QuestionBounds,
    stays: boolean,
  ): Promise<Identity> {
    const { clock } = this.#options;
    const since = clock.now();
    let spoken = false;
    const { signs: given } = bounds;
    const heard = (): void => {
      spoken = true;
      given?.heard();
    };
    const signs = { opened: () => given?.opened(), letIn: () => given?.letIn(), heard };
    try {
      return await scout.ask(endpoint, { ...bounds, signs }, stays);
    } catch (error) {
      const timeoutMs = bounds.timeoutMs - (clock.now() - since);
      if (!spoken || timeoutMs <= 0 || refusesAnybody(error)) throw error;
      const patienceMs = Math.min(bounds.patienceMs, timeoutMs);
      return this.#lines.ask(endpoint, { timeoutMs, patienceMs }, readIdentity);
    }
  }

  rest(): void {
    this.#lines.rest();
    for (const scout of this.#options.scouts) scout.rest();
  }

  close(): void {
    this.#lines.close();
  }
}

/** Whoever asks with these credentials, now, would be told the same. */
function refusesAnybody(error: unknown): boolean {
  return refusesLogin(error) || meaningOf(error)?.outcome === 'notSent';
}
