import type { Clock, Instant, Outcome } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import { commandChannel } from './channels.ts';

/** A step of a command that could not simply pass, as `steadfast:redis:command` tells it. Arguments are never told. */
export interface CommandStep {
  /** the command's name */
  readonly name: string;
  /**
   * - `parked`: it waits for a connection; with `held`, for an announced failover
   * - `again`: it was in flight or refused by role, and waits to be sent once more
   * - `sent`: it has left the queue
   * - `expired`: its deadline came while it waited
   * - `lost`: its connection ended, and it is not sent again
   */
  readonly step: 'parked' | 'again' | 'sent' | 'expired' | 'lost';
  readonly held?: boolean;
  /** what is known of it, where it failed */
  readonly outcome?: Outcome;
  /** for how long it waited before this step, ms */
  readonly waitedMs?: number;
  readonly error?: unknown;
}

/** Counts what happens to commands beside the straight way, and tells of it where somebody listens. */
export class CommandStory {
  /** commands sent again so far, by what was known of the attempt before */
  readonly retries: Record<Outcome, number> = { notSent: 0, rejected: 0, unknown: 0, committed: 0 };
  /** commands whose deadline came while they waited */
  expiries = 0;
  readonly #clock: Clock;
  /** since when commands wait, where somebody listens */
  readonly #since = new WeakMap<DriverCommand, Instant>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  parked(command: DriverCommand, held: boolean): void {
    if (this.#listened(command)) this.#tell(command, 'parked', { held });
  }

  again(command: DriverCommand, outcome: Outcome, error: unknown): void {
    this.retries[outcome] += 1;
    if (this.#listened(command)) this.#tell(command, 'again', { outcome, error });
  }

  sent(command: DriverCommand): void {
    if (commandChannel.hasSubscribers) this.#tell(command, 'sent', this.#waited(command));
  }

  expired(command: DriverCommand, error: { readonly outcome: Outcome }): void {
    this.expiries += 1;
    if (!commandChannel.hasSubscribers) return;
    this.#tell(command, 'expired', { outcome: error.outcome, error, ...this.#waited(command) });
  }

  lost(command: DriverCommand, error: { readonly outcome: Outcome }): void {
    if (commandChannel.hasSubscribers) this.#tell(command, 'lost', { outcome: error.outcome, error });
  }

  /** Whether anybody listens; if so, the command's wait is timed from here on. */
  #listened(command: DriverCommand): boolean {
    if (!commandChannel.hasSubscribers) return false;
    this.#since.set(command, this.#clock.now());
    return true;
  }

  #waited(command: DriverCommand): { waitedMs?: number } {
    const since = this.#since.get(command);
    return since === undefined ? {} : { waitedMs: this.#clock.now() - since };
  }

  #tell(command: DriverCommand, step: CommandStep['step'], more: Partial<CommandStep>): void {
    commandChannel.publish({ name: command.name, step, ...more } satisfies CommandStep);
  }
}
