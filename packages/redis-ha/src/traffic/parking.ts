import { decideRetry, type HaError, type Instant, type Outcome } from '@steadfast/shared';
import { bytesOf, isQuit, resolveOk, type DriverCommand } from '../commands/command.ts';
import { isRead } from '../commands/idempotence.ts';
import { ParkedQueue, type Ticket } from '../commands/parked-queue.ts';
import { renewed } from '../commands/renewed.ts';
import { isInside } from '../commands/transaction-mark.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import type { CommandStory } from '../telemetry/command-story.ts';
import { trafficErrors } from './errors.ts';

export interface ParkingOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  story: CommandStory;
  /** a QUIT has reached its deadline: the client is to end */
  quitExpired: () => void;
  /** some have left by their deadline: others may be free to go */
  left: () => void;
  /** a step of the transaction that is open on the link will not be sent */
  stepLost: () => void;
}

/** Admits commands to the queue, keeps their deadlines over every attempt, and ends those that reach them. */
export class Parking {
  /** see `db` */
  #db: number;
  /** what would be selected if nothing waited */
  #dbBefore: number;
  readonly #options: ParkingOptions;
  readonly #queue: ParkedQueue;
  readonly #tickets = new WeakMap<DriverCommand, Ticket>();
  /** when commands were first sent, where their wait counts from then */
  readonly #sentAt = new WeakMap<DriverCommand, Instant>();
  #units = 0;
  /** the MULTI that came last, for the first time or again, until its end has come, too */
  #multi: Ticket | undefined;

  constructor(options: ParkingOptions) {
    this.#options = options;
    this.#queue = new ParkedQueue(options.settings.clock, (tickets) => this.#expire(tickets));
    this.#db = this.#dbBefore = options.settings.driver.db ?? 0;
  }

  /** the database that the next command is meant for, while the way is shut */
  get db(): number {
    return this.#db;
  }

  /** Nothing that waits comes before it. */
  set db(db: number) {
    this.#db = this.#dbBefore = db;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** Everything that waits, in the order it is to be sent; what is removed on the way is skipped. */
  get tickets(): Iterable<Ticket> {
    return this.#queue;
  }

  remove(ticket: Ticket): void {
    this.#dbBefore = selectedBy(ticket.command) ?? this.#dbBefore;
    this.#queue.remove(ticket);
  }

  /** It is about to be sent: what it has waited is of its `commandTimeout`, which ioredis would begin now. */
  sending({ command, own }: Ticket): void {
    const { clock, driver } = this.#options.settings;
    if (driver.commandTimeout === undefined || own) return;
    const passedMs = clock.now() - this.#beganAt(command);
    command.setTimeout?.(Math.max(1, driver.commandTimeout - passedMs));
  }

  takeAll(): Ticket[] {
    const all = this.#queue.takeAll();
    this.#selectRemaining(all);
    return all;
  }

  /**
   * Why a new command may not wait; undefined where it may. What continues a transaction always may: without it, the rest would
   * be applied.
   * @param open a transaction is open on the link
   */
  refusal(command: DriverCommand, open: boolean): HaError | undefined {
    const { group, settings } = this.#options;
    const { enableOfflineQueue, maxWaiting, maxWaitingBytes } = settings.ha;
    const name = command.name.toLowerCase();
    // To end must always be possible.
    if (isQuit(command)) return undefined;
    const stray = this.stray(command, open);
    if (stray) return stray;
    if (this.#isStep(open) || isPart(command) || name === 'exec') return undefined;
    if (countsWrites(name) && !this.#writesWait()) return trafficErrors.waitLost(name);
    if (!enableOfflineQueue) return trafficErrors.notQueued();
    if (group().breaker.open) return trafficErrors.circuitOpen(group());
    if (this.#queue.size >= maxWaiting) return trafficErrors.full(maxWaiting);
    const bytes = this.#queue.bytes + bytesOf(command);
    return bytes > maxWaitingBytes ? trafficErrors.fullOfBytes(maxWaitingBytes) : undefined;
  }

  /** What belongs to a transaction, and comes without its MULTI before it: alone it must not be sent. */
  stray(command: DriverCommand, open: boolean): HaError | undefined {
    if (open || !isPart(command) || this.#begun) return undefined;
    return trafficErrors.strayed(command.name);
  }

  /** Lets a command wait, with no limit: for what was admitted before. @param open a transaction is open on the link */
  put(command: DriverCommand, db: number = this.db, open = false): void {
    const { story, group } = this.#options;
    story.parked(command, group().hold.holding);
    const step = this.#isStep(open);
    const ticket = this.#ticketOf(command, db);
    ticket.step = step;
    this.#queue.add(ticket);
    this.#db = selectedBy(command) ?? this.#db;
  }

  /** ioredis subscribes again by itself, once for each connection: that waits with no limit in number or time, and goes first. */
  putOwn(command: DriverCommand): void {
    this.#queue.add(this.#ticketOf(command, this.db, true));
  }

  isOwn(command: DriverCommand): boolean {
    return this.#tickets.get(command)?.own === true;
  }

  /** What is known of earlier attempts; undefined where there was none. */
  outcomeOf(command: DriverCommand): Outcome | undefined {
    return this.#tickets.get(command)?.outcome;
  }

  /** A command passes while the way is shut: what comes after a SELECT is meant for its database. */
  passed(command: DriverCommand): void {
    this.db = selectedBy(command) ?? this.db;
  }

  /** What a SELECT has selected that is not to be sent, its caller does not want: what comes now is as if it had never been. */
  #selectRemaining(gone: readonly Ticket[]): void {
    if (!gone.some(({ command }) => selectedBy(command) !== undefined)) return;
    this.#db = this.#dbBefore;
    for (const { command } of this.#queue) this.#db = selectedBy(command) ?? this.#db;
  }

  /**
   * Whether policy, deadline and budget let a command be sent again. It takes from the budget: to be asked once for each
   * command, and once for a whole transaction, with its MULTI.
   * @param outcome `rejected` by role, or `unknown` for one that was found safe, alone or as part of a whole transaction
   */
  mayRepeat(command: DriverCommand, outcome: 'rejected' | 'unknown', db: number): boolean {
    const { group, settings } = this.#options;
    const ticket = this.#ticketOf(command, db);
    if (ticket.own) return true;
    if (countsWrites(command.name.toLowerCase())) return false;
    const expired = ticket.deadline <= settings.clock.now();
    const { attempts } = ticket;
    const byRole = outcome === 'rejected';
    const decision = decideRetry({ outcome, byRole, idempotent: true, attempts, expired });
    return decision.retry && group().budget.take(outcome);
  }

  /** Puts a command back to be sent again, before all that is new. */
  putBack(command: DriverCommand, outcome: 'rejected' | 'unknown', cause: Error, db: number): void {
    const ticket = this.#ticketOf(command, db);
    // A later refusal says nothing of the attempt whose answer was lost.
    if (ticket.outcome !== 'unknown') ticket.outcome = outcome;
    ticket.cause = cause;
    ticket.command = renewed(command);
    this.#tickets.set(ticket.command, ticket);
    this.#options.story.again(ticket.command, outcome, cause);
    this.#queue.addAgain(ticket);
  }

  /** The clock of a command with a `commandTimeout` begins, or is known to have begun while its link was silent. */
  began(command: DriverCommand, at: Instant = this.#options.settings.clock.now()): void {
    if (!this.#sentAt.has(command)) this.#sentAt.set(command, at);
  }

  /** It is to be sent again as if it had never been: its deadline and attempts begin anew. */
  forget(command: DriverCommand): void {
    this.#tickets.delete(command);
  }

  /** The caller has been told that it timed out: it is not to be sent any more. @returns what is known of it */
  drop(command: DriverCommand): Outcome {
    const ticket = this.#tickets.get(command);
    if (!ticket) return 'unknown';
    const waits = this.#queue.has(ticket);
    if (waits && !ticket.own) this.#dropUnit(ticket);
    if (waits && ticket.step) this.#options.stepLost();
    return waits ? ticket.outcome : 'unknown';
  }

  #dropUnit(ticket: Ticket): void {
    this.#queue.remove(ticket);
    this.#selectRemaining([ticket]);
    if (ticket.unit === undefined) return;
    const rest = [...this.#queue].filter((other) => other.unit === ticket.unit);
    for (const other of rest) this.#queue.remove(other);
    this.#expire(rest);
  }

  /** One deadline for a whole transaction: never half of it expires. */
  #ticketOf(command: DriverCommand, db: number, own = false): Ticket {
    const name = command.name.toLowerCase();
    const known = this.#tickets.get(command);
    const alone = own ? Infinity : this.#beganAt(command) + this.#waitMs;
    const multi = isPart(command) ? this.#begun : undefined;
    const ticket = known ?? {
      command,
      bytes: bytesOf(command),
      db,
      deadline: multi?.deadline ?? alone,
      own,
      unit: name === 'multi' ? (this.#units += 1) : multi?.unit,
      step: false,
      attempts: 0,
      outcome: 'notSent',
      cause: undefined,
    };
    if (name === 'multi') this.#multi = ticket;
    if (ENDS.has(name)) this.#multi = undefined;
    this.#tickets.set(command, ticket);
    return ticket;
  }

  /** The MULTI that waits, while its end does not. */
  get #begun(): Ticket | undefined {
    return this.#multi && this.#queue.has(this.#multi) ? this.#multi : undefined;
  }

  /** What comes now belongs to the transaction that is open on the link: its end does not wait yet. */
  #isStep(open: boolean): boolean {
    if (!open) return false;
    for (const { command } of this.#queue) if (ENDS.has(command.name.toLowerCase())) return false;
    return true;
  }

  get #waitMs(): number {
    const { ha, driver } = this.#options.settings;
    return Math.min(ha.failoverWaitMs, driver.commandTimeout ?? Infinity);
  }

  #beganAt(command: DriverCommand): Instant {
    return this.#sentAt.get(command) ?? this.#options.settings.clock.now();
  }

  #writesWait(): boolean {
    for (const { command } of this.#queue) if (!isRead(command)) return true;
    return false;
  }

  #expire(tickets: readonly Ticket[]): void {
    const { group, quitExpired, left, story } = this.#options;
    this.#selectRemaining(tickets);
    for (const ticket of tickets) {
      if (isQuit(ticket.command)) {
        resolveOk(ticket.command);
        quitExpired();
        continue;
      }
      const error = trafficErrors.expired(ticket, group(), this.#waitMs);
      // The breaker hears of it, and opens after many.
      void group()
        .breaker.run(() => Promise.reject(error))
        .catch(() => undefined);
      ticket.command.reject(error);
      story.expired(ticket.command, error);
    }
    if (tickets.some(({ step }) => step)) this.#options.stepLost();
    left();
  }
}

/** The database that what comes after it is meant for. */
function selectedBy({ name, args }: DriverCommand): number | undefined {
  return name === 'select' && /^\d+$/.test(String(args[0])) ? Number(args[0]) : undefined;
}

const ENDS: ReadonlySet<string> = new Set(['exec', 'discard']);

/** It belongs to a transaction that was begun before it. */
function isPart(command: DriverCommand): boolean {
  const name = command.name.toLowerCase();
  if (name === 'multi') return false;
  return isInside(command) || (name === 'exec' && command.pipelineIndex !== undefined);
}

/** They count the writes of their own connection: on another one their answer would mean nothing. */
function countsWrites(name: string): boolean {
  return name === 'wait' || name === 'waitaof';
}
