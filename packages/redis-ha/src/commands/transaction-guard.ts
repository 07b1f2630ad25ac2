import { HaError, type Clock, type Instant } from '@steadfast/shared';
import type { DriverCommand } from './command.ts';
import { markInside, markWatched } from './transaction-mark.ts';

/**
 * Transactions live on a connection. When that ends, what is left of one must not run on the next as if it were whole.
 * - `open`: a MULTI was sent by itself (not as one pipeline), and its EXEC has not been
 * - `watching`: keys are watched for a transaction to come
 * - `lost`: the connection ended in between; the rest up to EXEC is refused (`from`: at once, or from the next MULTI)
 */
type State =
  | { readonly at: 'none' }
  | { readonly at: 'watching' }
  | { readonly at: 'open'; readonly watching: boolean }
  | { readonly at: 'lost'; readonly from: 'here' | 'multi'; readonly why: HaError; readonly until: Instant };

type Input =
  | { readonly is: 'sent'; readonly name: string; readonly pipelined: boolean }
  | { readonly is: 'ended'; readonly now: Instant };

/** A caller who never ends a lost transaction must not block the others for ever. */
const LOST_MS = 30_000;

/** The names that have a meaning here, as programs write them. */
export const TRANSACTION_NAMES: ReadonlySet<string> = new Set(
  ['multi', 'exec', 'discard', 'watch', 'unwatch'].flatMap((name) => [name, name.toUpperCase()]),
);

export class TransactionGuard {
  readonly #clock: Clock;
  readonly #calm: () => void;
  #state: State = { at: 'none' };

  /** @param calm called where commands need not be looked at any more, though none has ended that */
  constructor(clock: Clock, calm: () => void = () => undefined) {
    this.#clock = clock;
    this.#calm = calm;
  }

  static concerns(name: string): boolean {
    return TRANSACTION_NAMES.has(name);
  }

  /** A transaction is open: whatever is sent now belongs to it. */
  get open(): boolean {
    return this.#state.at === 'open';
  }

  /** What the connection remembers of transactions; `lost` too must be ended by its caller. */
  get state(): State['at'] {
    return this.#state.at;
  }

  /** Something has been lost, and commands have to be looked at. */
  get alert(): boolean {
    return this.#state.at === 'lost';
  }

  /** A command goes out, and is marked with what it is part of. */
  sent(command: DriverCommand): void {
    const name = command.name.toLowerCase();
    if (this.open) markInside(command);
    if (name === 'exec' && isWatching(this.#state)) markWatched(command);
    this.#state = transition(this.#state, {
      is: 'sent',
      name,
      pipelined: command.pipelineIndex !== undefined,
    });
  }

  /** The connection has ended. */
  ended(): void {
    this.#state = transition(this.#state, { is: 'ended', now: this.#clock.now() });
  }

  /**
   * A MULTI was refused: so is the rest of its pipeline; or, where it came by itself, what has been given with it in one go.
   * Whoever waits for its answer sends nothing more, and would never end what others are refused for.
   */
  refuse(command: DriverCommand, why: HaError): void {
    const lost = { at: 'lost', from: 'here', why, until: this.#clock.now() + LOST_MS } as const;
    this.#state = lost;
    if (command.pipelineIndex !== undefined) return;
    queueMicrotask(() => {
      if (this.#state !== lost) return;
      this.#state = { at: 'none' };
      this.#calm();
    });
  }

  /** Why the command must not be sent; undefined where it may. */
  refusal(command: DriverCommand): HaError | undefined {
    const state = this.#state;
    if (state.at !== 'lost') return undefined;
    const name = command.name.toLowerCase();
    const restarts = name === 'watch' || name === 'unwatch' || (name === 'multi' && state.from === 'here');
    if (restarts || this.#clock.now() > state.until) {
      this.#state = { at: 'none' };
      return undefined;
    }
    if (state.from === 'multi') {
      if (name !== 'multi') return undefined;
      this.#state = { ...state, from: 'here' };
    } else if (name === 'exec' || name === 'discard') {
      this.#state = { at: 'none' };
    }
    return new HaError(state.why.code, state.why.message, { outcome: 'notSent', cause: state.why.cause });
  }
}

function transition(state: State, input: Input): State {
  if (input.is === 'ended') return onEnd(state, input.now);
  switch (input.name) {
    case 'multi':
      return input.pipelined ? state : { at: 'open', watching: isWatching(state) };
    case 'watch':
      return state.at === 'open' ? state : { at: 'watching' };
    case 'exec':
    case 'discard':
    case 'unwatch':
      return { at: 'none' };
    default:
      return state;
  }
}

function isWatching(state: State): boolean {
  return state.at === 'watching' || (state.at === 'open' && state.watching);
}

function onEnd(state: State, now: Instant): State {
  if (state.at === 'none' || state.at === 'lost') return state;
  const what = state.at === 'open' ? 'a transaction was open' : 'keys were watched';
  const message = `the connection ended while ${what}; nothing of the transaction was applied, begin it again`;
  const why = new HaError('HA_TRANSACTION_LOST', message, { outcome: 'notSent' });
  return { at: 'lost', from: state.at === 'open' ? 'here' : 'multi', why, until: now + LOST_MS };
}
