import {
  asError,
  backoffMs,
  Deadline,
  HaError,
  isHaError,
  outcomeOf,
  sleep,
  type Outcome,
  type Random,
  type RetryBudget,
  type Seat,
  type Timer,
} from '@steadfast/shared';
import type { World } from '../world/world.ts';
import type { Connection, Said } from './connection.ts';
import type { Parts } from './parts.ts';
import type { Pool } from './pool.ts';

/** So long after the caller's end the answer to a cancelled statement is waited for, ms. */
const LAST_WORD_MS = 25;

export type CallKind = 'read' | 'write' | 'idempotent' | 'proof';

export interface CallOptions {
  kind: CallKind;
  /** names the work in the servers' logs */
  work: number;
  /** ends the whole call, ms; undefined: waits alone are bounded, by failoverWaitMs */
  deadlineMs: number | undefined;
  signal: AbortSignal | undefined;
}

/** What a caller is told. */
export type Result =
  { readonly is: 'ok' } | { readonly is: 'failed'; readonly code: string; readonly outcome: Outcome };

export interface Caller {
  world: World;
  parts: Parts;
  pool: Pool;
  seat: Seat;
  random: Random;
  budget: RetryBudget;
  failoverWaitMs: number;
  /** tokens are given out by whoever runs all calls */
  token: () => number;
}

/**
 * MODELLED: a statement or a transaction with a commit proof, through all its attempts, as runQuery, runTransaction and
 * resolveCommit go about it. REAL: the decision to repeat, the budget, the waits at the seat.
 */
export class Call {
  readonly #caller: Caller;
  readonly #options: CallOptions;
  readonly #deadline: Deadline;
  readonly #end: Promise<'end'>;
  #over: 'HA_DEADLINE' | 'HA_ABORTED' | undefined;
  #timer: Timer | undefined;
  #onEnd: () => void = () => undefined;
  #busy = false;
  /** what it runs on now */
  #connection: Connection | undefined;
  /** an attempt ended `unknown` */
  #uncertain = false;

  constructor(caller: Caller, options: CallOptions) {
    this.#caller = caller;
    this.#options = options;
    const { deadlineMs, signal } = options;
    const { parts, world, failoverWaitMs } = caller;
    this.#deadline = Deadline.after(world.app, (deadlineMs ?? failoverWaitMs) + parts.lateMs);
    this.#end = new Promise((resolve) => {
      const end = (code: 'HA_DEADLINE' | 'HA_ABORTED') => (): void => {
        this.#over ??= code;
        resolve('end');
      };
      if (deadlineMs !== undefined)
        this.#timer = world.app.timer(deadlineMs + parts.lateMs, end('HA_DEADLINE'));
      this.#onEnd = end('HA_ABORTED');
      signal?.addEventListener('abort', this.#onEnd, { once: true });
    });
  }

  async run(): Promise<Result> {
    const work = this.#attempts();
    const ended = this.#end.then(() => this.#atEnd());
    const result = await Promise.race([work, ended]);
    this.#timer?.cancel();
    this.#options.signal?.removeEventListener('abort', this.#onEnd);
    if (!this.#caller.parts.tells(this.#options)) await new Promise(() => undefined);
    return result;
  }

  /** What is on the wire has a moment left to be answered. */
  async #atEnd(): Promise<Result> {
    if (this.#busy) await sleep(this.#caller.world.app, LAST_WORD_MS);
    this.#connection?.close('cancelled');
    return this.#failed(this.#over ?? 'HA_DEADLINE', this.#busy ? 'unknown' : 'notSent');
  }

  #failed(code: string, outcome: Outcome): Result {
    return { is: 'failed', code, outcome: this.#uncertain ? 'unknown' : outcome };
  }

  async #attempts(): Promise<Result> {
    const { seat, parts, budget } = this.#caller;
    const { kind, signal } = this.#options;
    try {
      for (let attempts = 1; ; attempts++) {
        const said = kind === 'proof' ? await this.#transaction() : await this.#statement();
        if (said.is === 'answer') return { is: 'ok' };
        const { outcome, byRole } = said;
        if (outcome === 'unknown') this.#uncertain = true;
        const decision = parts.decideRetry({
          outcome,
          byRole,
          idempotent: kind === 'idempotent' || kind === 'read',
          attempts,
          expired: this.#deadline.expired || this.#over !== undefined,
        });
        if (!decision.retry || !budget.take(outcome)) return this.#failed(said.why, outcome);
        await seat.whenConfirmed(this.#deadline, signal);
      }
    } catch (error) {
      return this.#failed(
        isHaError(error) ? error.code : asError(error).message,
        outcomeOf(error) ?? 'unknown',
      );
    }
  }

  async #lease(deadline: Deadline = this.#deadline): Promise<Connection> {
    const { pool } = this.#caller;
    const connection = await pool.lease(deadline, this.#options.signal);
    if (this.#over) pool.release(connection, false);
    if (this.#over) throw new HaError(this.#over, 'the call is over', { outcome: 'notSent' });
    this.#connection = connection;
    return connection;
  }

  #release(connection: Connection, failed: boolean): void {
    this.#connection = undefined;
    this.#caller.pool.release(connection, failed);
  }

  async #statement(): Promise<Said> {
    const { parts } = this.#caller;
    const { kind, work } = this.#options;
    const connection = await this.#lease();
    this.#busy = true;
    const body = kind === 'read' ? ({ is: 'read' } as const) : ({ is: 'write', work } as const);
    const said = await connection.run(body, { outcome: parts.lostOutcome, byRole: true });
    this.#busy = false;
    this.#release(connection, said.is === 'failed');
    return said;
  }

  /** BEGIN and the statement, then the proof and COMMIT; a COMMIT whose answer is lost is resolved. */
  async #transaction(): Promise<Said> {
    const connection = await this.#lease();
    const begun = await connection.run({ is: 'begin' }, { outcome: 'rejected', byRole: true });
    if (begun.is === 'failed' || this.#over) {
      this.#release(connection, true);
      return begun.is === 'failed'
        ? begun
        : { is: 'failed', outcome: 'rejected', byRole: false, why: 'HA_DEADLINE' };
    }
    const token = this.#caller.token();
    this.#busy = true;
    const body = { is: 'commit', work: this.#options.work, token } as const;
    const said = await connection.run(body, { outcome: 'unknown', byRole: true });
    this.#release(connection, said.is === 'failed');
    if (said.is === 'failed' && said.outcome === 'unknown' && !this.#over) return this.#resolve(token, said);
    this.#busy = false;
    return said;
  }

  async #resolve(token: number, lost: Said): Promise<Said> {
    const { seat, world, random, parts, failoverWaitMs } = this.#caller;
    const { signal, deadlineMs } = this.#options;
    const proven = { ...lost, outcome: 'rejected', byRole: true } as Said;
    const committed: Said = { is: 'answer', answer: { is: 'done' } };
    if (parts.resolves === 'as committed') return committed;
    if (parts.resolves === 'as lost') return proven;
    const deadline = deadlineMs === undefined ? Deadline.after(world.app, failoverWaitMs) : this.#deadline;
    for (let attempts = 0; !deadline.expired && !this.#over; attempts++) {
      try {
        await seat.whenConfirmed(deadline, signal);
        if (parts.resolves === 'in vain') throw new Error('no claim');
        const kind = await this.#claim(token, deadline);
        this.#busy = false;
        world.trace.note('resolved', this.#options.work, kind);
        return kind === 'commit' ? committed : proven;
      } catch (error) {
        if (isHaError(error, 'HA_CLOSED')) break;
        parts.suspect(seat, asError(error).message);
        await sleep(world.app, deadline.stepMs(backoffMs({ minMs: 5, maxMs: 250 }, attempts, random)), {
          signal,
        });
      }
    }
    return { ...lost, why: 'HA_COMMIT_UNRESOLVED', byRole: false } as Said;
  }

  /** Bounded as a whole: neither a backend that never ends nor a standby that never confirms may hold it. */
  async #claim(token: number, deadline: Deadline): Promise<'commit' | 'claim'> {
    const { world } = this.#caller;
    const connection = await this.#lease(deadline);
    const late = world.app.timer(deadline.remainingMs, () => connection.close('the deadline has passed'));
    const said = await connection.run({ is: 'claim', token }, { outcome: 'unknown', byRole: true });
    late.cancel();
    this.#release(connection, said.is === 'failed');
    if (said.is === 'answer' && said.answer.is === 'claimed') return said.answer.kind;
    throw new Error(said.is === 'failed' ? said.why : 'no claim');
  }
}
