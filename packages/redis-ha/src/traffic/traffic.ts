import {
  backoffMs,
  Deadline,
  decideRetry,
  endpointKey,
  HaError,
  type Instant,
  type Timer,
} from '@steadfast/shared';
import { afterLoss, type Verdict } from '../commands/after-loss.ts';
import type { DriverCommand } from '../commands/command.ts';
import { classifyReply, isByRole, saysReplica } from '../commands/error-reply.ts';
import { isRead, isSafeToRepeat } from '../commands/idempotence.ts';
import { ParkedQueue, type Ticket } from '../commands/parked-queue.ts';
import { TransactionGuard } from '../commands/transaction-guard.ts';
import type { Dialer } from '../dial/dialer.ts';
import { fateOf, type Link } from '../dial/link.ts';
import { drain, isHandshake, type DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { trafficErrors } from './errors.ts';

export interface TrafficOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  /** hands a command to ioredis; without a stream it is written by itself, even if it came as part of a pipeline */
  send: (command: DriverCommand, stream?: unknown) => unknown;
  /** makes the connection use a database */
  select: (db: number) => void;
  connect: () => void;
  disconnect: () => void;
}

/** Pauses after a refusal by role, while nobody else is primary. */
const REFUSED_PAUSE = { minMs: 25, maxMs: 250 };
/** How long in-flight commands of a server that calls itself a replica may take to be refused. */
const DRAIN_MS = 250;
const DRAIN_STEP_MS = 5;

/**
 * The way of every command to the primary. While `open`, commands go straight to ioredis and nothing here is touched;
 * otherwise each is sent, parked or refused by `route`, and what was in flight when a link ends is settled.
 */
export class Traffic {
  /** commands may pass unseen: read before every command, written only when something changes */
  open = false;
  /** quit() or disconnect() has been called */
  closing = false;
  /** why the client ended by itself: settings that never worked */
  endedBy: HaError | undefined = undefined;
  readonly #options: TrafficOptions;
  readonly #parked: ParkedQueue;
  readonly #guard: TransactionGuard;
  readonly #tickets = new WeakMap<DriverCommand, Ticket>();
  /** ioredis has finished setting the connection up */
  #ready = false;
  #flushing = false;
  #draining = false;
  /** a link that is silent, while the primary is being asked */
  #doubted: Link | undefined;
  #interrupted = false;
  #pause: Timer | undefined;
  #refusals = 0;
  #db: number;
  #unitDeadline: Instant = -Infinity;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { clock } = options.settings;
    this.#parked = new ParkedQueue(clock, (tickets) => this.#expire(tickets));
    this.#guard = new TransactionGuard(clock);
    this.#db = options.settings.driver.db ?? 0;
  }

  get waiting(): number {
    return this.#parked.size;
  }

  get ready(): boolean {
    return this.#ready && this.#options.dialer.link !== undefined;
  }

  /** The way of a command that cannot simply pass. */
  route(command: DriverCommand, stream: unknown): unknown {
    const { driver, send } = this.#options;
    if (this.#flushing) return send(command);
    if (driver.status === 'end') return this.#afterEnd(command);
    if (command.name === 'quit') return this.#quit(command);
    if (driver.status === 'wait') this.#options.connect();
    if (driver.status === 'connect' && isHandshake(command) && !this.#isCallersSelect(command))
      return send(command);
    if (driver.status === 'ready' && !this.#ready && command.name === 'select') return resolveOk(command);
    const refusal = this.#guard.refusal(command);
    if (refusal) return reject(command, refusal);
    if (this.open) {
      this.#guard.sent(command);
      return send(command, stream);
    }
    if (this.#guard.alert || !this.#mayPass(command)) return this.#park(command);
    return this.#dispatch(command);
  }

  /** An error reply: true where the command waits for another try, and must not be settled. */
  refused(error: Error, command: DriverCommand): boolean {
    const { driver, group, dialer, settings } = this.#options;
    if (driver.status !== 'ready') return false;
    classifyReply(error, command);
    if (!isByRole(error)) return false;
    const at = settings.clock.now();
    const endpoint = dialer.link?.endpoint;
    if (endpoint && saysReplica(error))
      group().monitor.report({ kind: 'self', endpoint, role: 'replica', at });
    else group().monitor.suspect(error.message);
    if (command.inTransaction || this.#guard.mood.transaction || TransactionGuard.concerns(command.name))
      return false;
    return this.#again(command, 'rejected', error);
  }

  /** What is known of the primary has changed. */
  topologyChanged(): void {
    const { dialer, group } = this.#options;
    const link = dialer.link;
    if (!link) return;
    const fate = fateOf(link, group().monitor.topology);
    if (fate === 'cut') this.#cut(link);
    else if (fate === 'drain') this.#drain(link);
    else this.flush();
  }

  /** Sends what waits, as far as it may go, and opens the way when nothing is left. */
  flush(): void {
    if (!this.#usable()) return this.#shut();
    const { dialer, group, driver } = this.#options;
    const holding = group().hold.holding;
    if (this.open) return holding ? this.#shut() : undefined;
    const socket = dialer.link?.socket;
    this.#flushing = true;
    socket?.cork();
    for (const ticket of this.#parked) {
      if (holding && !isRead(ticket.command)) break;
      this.#parked.remove(ticket);
      this.#sendTicket(ticket);
    }
    if (this.#parked.size === 0 && driver.condition?.select !== this.#db) this.#options.select(this.#db);
    socket?.uncork();
    this.#flushing = false;
    if (holding || this.#parked.size > 0) return this.#shut();
    this.open = !this.#guard.alert;
  }

  /** The link is silent: nothing more is put into it until the primary has said on another that it is there. */
  doubt(): void {
    const { dialer, group, settings } = this.#options;
    const { link } = dialer;
    if (!link) return;
    this.#doubted = link;
    this.#shut();
    const confirmed = group().monitor.whenConfirmed(
      Deadline.after(settings.clock, settings.ha.failoverWaitMs),
    );
    const settled = (): void => {
      if (this.#doubted !== link) return;
      this.#doubted = undefined;
      this.flush();
    };
    void confirmed.then(settled, settled);
  }

  connectionReady(): void {
    this.#ready = true;
    this.#refusals = 0;
    this.flush();
  }

  /** A link has ended. ioredis hears of it next, and finds nothing left to do. */
  unlinked(link: Link): void {
    const { driver, group } = this.#options;
    this.#shut();
    const inFlight = drain(driver.commandQueue);
    const late = drain(driver.offlineQueue);
    const mood = this.#guard.mood;
    this.#guard.ended();
    const commands = inFlight.map((item) => item.command);
    const verdicts = this.#ready ? afterLoss(commands, mood) : commands.map(() => 'unknown' as const);
    inFlight.forEach((item, index) =>
      this.#settle(item.command, item.select, verdicts[index] ?? 'unknown', link),
    );
    for (const item of late) this.#parkUnbounded(item.command, item.select);
    this.#ready = false;
    this.#draining = false;
    this.#doubted = undefined;
    this.#interrupted = false;
    this.#clearPause();
    if (!this.closing) group().monitor.suspect(`the connection to ${endpointKey(link.endpoint)} ended`);
  }

  /** Ends everything that waits. */
  end(reason: HaError | undefined): void {
    this.#shut();
    this.#clearPause();
    this.#ready = false;
    for (const { command } of this.#parked.takeAll()) {
      if (command.name === 'quit') command.resolve(Buffer.from('OK'));
      else command.reject(reason ? trafficErrors.again(reason) : trafficErrors.closed(false));
    }
  }

  /** The server refuses us for now: whoever waits should know at once. */
  rejectWaiting(error: HaError): void {
    for (const { command, outcome } of this.#parked.takeAll())
      command.reject(trafficErrors.again(error, outcome));
  }

  #usable(): boolean {
    const { dialer, group } = this.#options;
    const link = dialer.link;
    if (!this.#ready || !link || this.#pause || this.#draining || this.#doubted) return false;
    return fateOf(link, group().monitor.topology) === 'keep';
  }

  #shut(): void {
    if (!this.open) return;
    this.open = false;
    this.#db = this.#options.driver.condition?.select ?? this.#db;
  }

  /** During a hold reads go on, until a write waits: what one caller sends stays in order. */
  #mayPass(command: DriverCommand): boolean {
    return (
      this.#parked.size === 0 && this.#usable() && (!this.#options.group().hold.holding || isRead(command))
    );
  }

  #dispatch(command: DriverCommand): unknown {
    this.#guard.sent(command);
    return this.#options.send(command);
  }

  #sendTicket(ticket: Ticket): void {
    const { driver, select } = this.#options;
    const { command, db } = ticket;
    const refusal = this.#guard.refusal(command);
    if (refusal) return command.reject(refusal);
    ticket.attempts += 1;
    if (command.name !== 'select' && driver.condition?.select !== db) select(db);
    this.#dispatch(command);
  }

  #park(command: DriverCommand): unknown {
    const { group, settings } = this.#options;
    const { maxWaiting } = settings.ha;
    const { breaker } = group();
    const name = command.name.toLowerCase();
    const continues = command.inTransaction && name !== 'multi';
    const refuse = (error: HaError): unknown => {
      if (name === 'multi') this.#guard.refuse(error);
      return reject(command, error);
    };
    if (!continues && name !== 'exec') {
      if (breaker.open) return refuse(trafficErrors.circuitOpen(group()));
      if (this.#parked.size >= maxWaiting) return refuse(trafficErrors.full(maxWaiting));
    }
    if ((name === 'wait' || name === 'waitaof') && !this.#writesWait())
      return refuse(trafficErrors.waitLost(name));
    this.#parkUnbounded(command, this.#db);
    return command.promise;
  }

  #parkUnbounded(command: DriverCommand, db: number): void {
    const ticket = this.#ticketOf(command, db);
    this.#parked.add(ticket);
    if (command.name === 'select' && /^\d+$/.test(String(command.args[0])))
      this.#db = Number(command.args[0]);
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
    for (const { command } of this.#parked) if (!isRead(command)) return true;
    return false;
  }

  #settle(command: DriverCommand, db: number, verdict: Verdict, link: Link): void {
    const member = endpointKey(link.endpoint);
    const code = this.#interrupted ? 'HA_INTERRUPTED' : 'HA_CONNECTION_LOST';
    const lost = trafficErrors.linkLost(code, command.name, member);
    switch (verdict) {
      case 'settled':
        return;
      case 'quit':
        return command.resolve(Buffer.from('OK'));
      case 'lost':
        return command.reject(trafficErrors.transactionLost(member));
      case 'unknown':
        return command.reject(this.closing ? trafficErrors.closed(true) : lost);
      case 'again':
        if (this.closing) return command.reject(trafficErrors.closed(true));
        if (!this.#again(command, 'unknown', lost, db)) command.reject(lost);
    }
  }

  /** Puts a command back to be sent again, where policy, deadline and budget allow it. */
  #again(
    command: DriverCommand,
    outcome: 'rejected' | 'unknown',
    cause: Error,
    db: number = this.#currentDb(),
  ): boolean {
    const { group, settings } = this.#options;
    const ticket = this.#ticketOf(command, db);
    const decision = decideRetry({
      outcome,
      byRole: outcome === 'rejected',
      // What comes here as `unknown` has been found safe, alone or as a whole transaction.
      idempotent: outcome === 'unknown' || isSafeToRepeat(command),
      attempts: ticket.attempts,
      expired: ticket.deadline <= settings.clock.now(),
    });
    if (!decision.retry || !group().budget.take()) return false;
    ticket.outcome = outcome;
    ticket.cause = cause;
    this.#parked.addAgain(ticket);
    if (outcome === 'rejected') this.#pauseBriefly();
    return true;
  }

  #currentDb(): number {
    return this.open ? (this.#options.driver.condition?.select ?? this.#db) : this.#db;
  }

  /** The server refuses by role: nothing is sent until something changes, or a moment has passed. */
  #pauseBriefly(): void {
    this.#shut();
    if (this.#pause) return;
    const { clock, random } = this.#options.settings;
    this.#pause = clock.timer(backoffMs(REFUSED_PAUSE, this.#refusals++, random), () => {
      this.#pause = undefined;
      this.flush();
    });
  }

  #clearPause(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
  }

  #cut(link: Link): void {
    this.#shut();
    this.#interrupted = true;
    this.#options
      .group()
      .log.info({ member: endpointKey(link.endpoint) }, 'cutting the connection to a replaced primary');
    this.#options.dialer.cut();
  }

  #drain(link: Link): void {
    this.#shut();
    if (this.#draining) return;
    this.#draining = true;
    const { clock } = this.#options.settings;
    const until = clock.now() + DRAIN_MS;
    const look = (): void => {
      if (this.#options.dialer.link !== link) return;
      if (this.#options.driver.commandQueue.length === 0 || clock.now() >= until) this.#cut(link);
      else clock.timer(DRAIN_STEP_MS, look);
    };
    look();
  }

  #expire(tickets: readonly Ticket[]): void {
    const { group, settings } = this.#options;
    const { breaker } = group();
    for (const ticket of tickets) {
      if (ticket.command.name === 'quit') {
        ticket.command.resolve(Buffer.from('OK'));
        this.#options.disconnect();
        continue;
      }
      const error = trafficErrors.expired(ticket, group(), settings.ha.failoverWaitMs);
      // The breaker hears of it, and opens after many.
      void breaker.run(() => Promise.reject(error)).catch(() => undefined);
      ticket.command.reject(error);
    }
    this.flush();
  }

  #quit(command: DriverCommand): unknown {
    const { dialer, driver, disconnect } = this.#options;
    const linked = driver.status === 'ready' && dialer.link !== undefined;
    if (this.#parked.size > 0) return this.#park(command);
    this.closing = true;
    if (linked) return this.#dispatch(command);
    command.resolve(Buffer.from('OK'));
    disconnect();
    return command.promise;
  }

  #afterEnd(command: DriverCommand): unknown {
    if (command.name === 'quit') command.resolve(Buffer.from('OK'));
    else command.reject(this.endedBy ? trafficErrors.again(this.endedBy) : trafficErrors.closed(false));
    return command.promise;
  }

  /** ioredis selects its database itself while it sets a connection up; a caller's own SELECT waits in its place. */
  #isCallersSelect(command: DriverCommand): boolean {
    return command.name === 'select' && Number(command.args[0]) !== this.#options.driver.condition?.select;
  }
}

/** For the SELECT by which ioredis would return to the database of before: every parked command brings its own. */
function resolveOk(command: DriverCommand): unknown {
  command.resolve(Buffer.from('OK'));
  return command.promise;
}

function reject(command: DriverCommand, error: HaError): unknown {
  command.reject(error);
  return command.promise;
}
