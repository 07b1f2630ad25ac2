import { decideRetry, type HaError, type Instant } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import { isRead } from '../commands/idempotence.ts';
import { ParkedQueue, type Ticket } from '../commands/parked-queue.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { trafficErrors } from './errors.ts';

export interface ParkingOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  /** a QUIT has reached its deadline: the client is to end */
  quitExpired: () => void;
  /** some have left by their deadline: others may be free to go */
  left: () => void;
}

/** Admits commands to the queue, keeps their deadlines over every attempt, and ends those that reach them. */
export class Parking {
  /** the database that the next command is meant for, while the way is shut */
  db: number;
  readonly #options: ParkingOptions;
  readonly #queue: ParkedQueue;
  readonly #tickets = new WeakMap<DriverCommand, Ticket>();
  #unitDeadline: Instant = -Infinity;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#queue = new ParkedQueue(options.settings.clock, (tickets) => this.#expire(tickets));
    this.db = options.settings.driver.db ?? 0;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Everything that waits, in the order it is to be sent; what is removed on the way is skipped. */
  get tickets(): Iterable<Ticket> {
    return this.#queue;
  }

  remove(ticket: Ticket): void {
    this.#queue.remove(ticket);
  }

  takeAll(): Ticket[] {
    return this.#queue.takeAll();
  }

  /** Why a new command may not wait; undefined where it may. What continues a transaction always may. */
  refusal(command: DriverCommand): HaError | undefined {
    const { group, settings } = this.#options;
    const { maxWaiting } = settings.ha;
    const name = command.name.toLowerCase();
    if ((name === 'wait' || name === 'waitaof') && !this.#writesWait()) return trafficErrors.waitLost(name);
    if ((command.inTransaction && name !== 'multi') || name === 'exec') return undefined;
    if (group().breaker.open) return trafficErrors.circuitOpen(group());
    return this.#queue.size >= maxWaiting ? trafficErrors.full(maxWaiting) : undefined;
  }

  /** Lets a command wait, with no limit: for what was admitted before. */
  put(command: DriverCommand, db: number = this.db): void {
    this.#queue.add(this.#ticketOf(command, db));
    if (command.name === 'select' && /^\d+$/.test(String(command.args[0]))) this.db = Number(command.args[0]);
  }

  /**
   * Puts a command back to be sent again, before all that is new, where policy, deadline and budget allow it.
   * @param outcome `rejected` by role, or `unknown` for one that was found safe, alone or as part of a whole transaction
   */
  again(command: DriverCommand, outcome: 'rejected' | 'unknown', cause: Error, db: number): boolean {
    const { group, settings } = this.#options;
    const ticket = this.#ticketOf(command, db);
    const { attempts } = ticket;
    const expired = ticket.deadline <= settings.clock.now();
    const decision = decideRetry({
      outcome,
      byRole: outcome === 'rejected',
      idempotent: true,
      attempts,
      expired,
    });
    if (!decision.retry || !group().budget.take()) return false;
    ticket.outcome = outcome;
    ticket.cause = cause;
    this.#queue.addAgain(ticket);
    return true;
  }

  /** One deadline for a whole transaction: never half of it expires. */
  #ticketOf(command: DriverCommand, db: number): Ticket {
    const known = this.#tickets.get(command);
    if (known) return known;
    const { clock, ha, driver } = this.#options.settings;
    const name = command.name.toLowerCase();
    const waitMs = Math.min(ha.failoverWaitMs, driver.commandTimeout ?? Infinity);
    const inUnit = command.inTransaction && name !== 'multi';
    const ends = name === 'exec' && command.pipelineIndex !== undefined;
    const deadline = inUnit || ends ? this.#unitDeadline : clock.now() + waitMs;
    if (name === 'multi') this.#unitDeadline = deadline;
    const ticket: Ticket = { command, db, deadline, attempts: 0, outcome: 'notSent', cause: undefined };
    this.#tickets.set(command, ticket);
    return ticket;
  }

  #writesWait(): boolean {
    for (const { command } of this.#queue) if (!isRead(command)) return true;
    return false;
  }

  #expire(tickets: readonly Ticket[]): void {
    const { group, settings, quitExpired, left } = this.#options;
    for (const ticket of tickets) {
      if (ticket.command.name === 'quit') {
        ticket.command.resolve(Buffer.from('OK'));
        quitExpired();
        continue;
      }
      const error = trafficErrors.expired(ticket, group(), settings.ha.failoverWaitMs);
      // The breaker hears of it, and opens after many.
      void group()
        .breaker.run(() => Promise.reject(error))
        .catch(() => undefined);
      ticket.command.reject(error);
    }
    left();
  }
}
