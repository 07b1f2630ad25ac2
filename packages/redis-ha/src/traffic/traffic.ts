import { endpointKey, type HaError } from '@steadfast/shared';
import { afterLoss, type Verdict } from '../commands/after-loss.ts';
import type { DriverCommand } from '../commands/command.ts';
import { classifyReply, isByRole, saysReplica } from '../commands/error-reply.ts';
import { isRead } from '../commands/idempotence.ts';
import type { Ticket } from '../commands/parked-queue.ts';
import { TransactionGuard } from '../commands/transaction-guard.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { Link } from '../dial/link.ts';
import { drain, isHandshake, type DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import { trafficErrors } from './errors.ts';
import { Parking } from './parking.ts';
import { Passage } from './passage.ts';

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
  readonly #parking: Parking;
  readonly #passage: Passage;
  readonly #guard: TransactionGuard;
  #flushing = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { settings, group, disconnect } = options;
    this.#guard = new TransactionGuard(settings.clock);
    this.#parking = new Parking({ settings, group, quitExpired: disconnect, left: () => this.flush() });
    this.#passage = new Passage({ ...options, shut: () => this.#shut(), look: () => this.flush() });
  }

  get waiting(): number {
    return this.#parking.size;
  }

  get ready(): boolean {
    return this.#passage.ready && this.#options.dialer.link !== undefined;
  }

  /** The way of a command that cannot simply pass. */
  route(command: DriverCommand, stream: unknown): unknown {
    const { driver, send } = this.#options;
    const { status } = driver;
    if (this.#flushing) return send(command);
    if (status === 'end') return this.#afterEnd(command);
    if (command.name === 'quit') return this.#quit(command);
    if (status === 'wait') this.#options.connect();
    if (status === 'connect' && isHandshake(command) && !this.#isCallersSelect(command)) return send(command);
    // ioredis would return to the database of before; every parked command brings its own.
    if (status === 'ready' && !this.#passage.ready && command.name === 'select') return resolveOk(command);
    const refusal = this.#guard.refusal(command);
    if (refusal) return reject(command, refusal);
    if (this.open) return this.#dispatch(command, stream);
    return this.#mayPass(command) ? this.#dispatch(command) : this.#park(command);
  }

  /** An error reply: true where the command waits for another try, and must not be settled. */
  refused(error: Error, command: DriverCommand): boolean {
    const { driver, group, dialer, settings } = this.#options;
    if (driver.status !== 'ready') return false;
    classifyReply(error, command);
    if (!isByRole(error)) return false;
    const db = this.#db;
    const endpoint = dialer.link?.endpoint;
    const at = settings.clock.now();
    if (endpoint && saysReplica(error))
      group().monitor.report({ kind: 'self', endpoint, role: 'replica', at });
    else group().monitor.suspect(error.message);
    const inTransaction = command.inTransaction === true || this.#guard.mood.transaction;
    if (inTransaction || TransactionGuard.concerns(command.name)) return false;
    if (!this.#parking.again(command, 'rejected', error, db)) return false;
    this.#passage.refused();
    return true;
  }

  topologyChanged(): void {
    this.#passage.topologyChanged();
  }

  /** The link is silent. */
  doubt(): void {
    this.#passage.doubt();
  }

  /** Sends what waits, as far as it may go, and opens the way when nothing is left. */
  flush(): void {
    if (!this.#passage.free) return this.#shut();
    const { dialer, group, driver, select } = this.#options;
    const { holding } = group().hold;
    if (this.open) return holding ? this.#shut() : undefined;
    const socket = dialer.link?.socket;
    this.#flushing = true;
    socket?.cork();
    for (const ticket of this.#parking.tickets) {
      if (holding && !isRead(ticket.command)) break;
      this.#parking.remove(ticket);
      this.#sendTicket(ticket);
    }
    const empty = this.#parking.size === 0;
    if (empty && driver.condition?.select !== this.#parking.db) select(this.#parking.db);
    socket?.uncork();
    this.#flushing = false;
    this.open = empty && !holding && !this.#guard.alert;
  }

  connectionReady(): void {
    this.#passage.begin();
    this.flush();
  }

  /** A link has ended. ioredis hears of it next, and finds nothing left to do. */
  unlinked(link: Link): void {
    const { driver, group } = this.#options;
    const { ready, interrupted } = this.#passage;
    this.#passage.end();
    const inFlight = drain(driver.commandQueue);
    const late = drain(driver.offlineQueue);
    const verdicts = this.#verdicts(
      inFlight.map((item) => item.command),
      ready,
    );
    const code = interrupted ? 'HA_INTERRUPTED' : 'HA_CONNECTION_LOST';
    for (const [index, { command, select }] of inFlight.entries()) {
      const lost = trafficErrors.linkLost(code, command.name, endpointKey(link.endpoint));
      this.#settle(command, select, verdicts[index] ?? 'unknown', lost);
    }
    for (const item of late) this.#parking.put(item.command, item.select);
    if (!this.closing) group().monitor.suspect(`the connection to ${endpointKey(link.endpoint)} ended`);
  }

  /** Ends everything that waits. */
  end(reason: HaError | undefined): void {
    this.endedBy = reason;
    this.#passage.end();
    for (const { command } of this.#parking.takeAll()) {
      if (command.name === 'quit') command.resolve(Buffer.from('OK'));
      else command.reject(reason ? trafficErrors.again(reason) : trafficErrors.closed(false));
    }
  }

  /** The server refuses us for now: whoever waits should know at once. */
  rejectWaiting(error: HaError): void {
    for (const { command, outcome } of this.#parking.takeAll())
      command.reject(trafficErrors.again(error, outcome));
  }

  /** What is sent during the handshake is ioredis's own, and ends with it. */
  #verdicts(commands: readonly DriverCommand[], ready: boolean): readonly Verdict[] {
    const { mood } = this.#guard;
    this.#guard.ended();
    return ready ? afterLoss(commands, mood) : [];
  }

  #shut(): void {
    if (!this.open) return;
    this.#parking.db = this.#db;
    this.open = false;
  }

  /** The database that the next command is meant for. */
  get #db(): number {
    const { condition } = this.#options.driver;
    return this.open && condition ? condition.select : this.#parking.db;
  }

  /** During a hold reads go on, until a write waits: what one caller sends stays in order. */
  #mayPass(command: DriverCommand): boolean {
    if (this.#parking.size > 0 || !this.#passage.free) return false;
    return !this.#options.group().hold.holding || isRead(command);
  }

  #dispatch(command: DriverCommand, stream?: unknown): unknown {
    this.#guard.sent(command);
    return this.#options.send(command, stream);
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
    const refusal = this.#parking.refusal(command);
    if (!refusal) {
      this.#parking.put(command);
      return command.promise;
    }
    if (command.name.toLowerCase() === 'multi') this.#guard.refuse(refusal);
    return reject(command, refusal);
  }

  #settle(command: DriverCommand, db: number, verdict: Verdict, lost: HaError): void {
    switch (verdict) {
      case 'settled':
        return;
      case 'quit':
        return command.resolve(Buffer.from('OK'));
      case 'lost':
        return command.reject(trafficErrors.transactionLost(lost.member ?? ''));
      case 'unknown':
        return command.reject(this.closing ? trafficErrors.closed(true) : lost);
      case 'again':
        if (this.closing) return command.reject(trafficErrors.closed(true));
        if (!this.#parking.again(command, 'unknown', lost, db)) command.reject(lost);
    }
  }

  #quit(command: DriverCommand): unknown {
    const { dialer, driver, disconnect } = this.#options;
    if (this.#parking.size > 0) return this.#park(command);
    this.closing = true;
    if (driver.status === 'ready' && dialer.link !== undefined) return this.#dispatch(command);
    command.resolve(Buffer.from('OK'));
    disconnect();
    return command.promise;
  }

  #afterEnd(command: DriverCommand): unknown {
    if (command.name === 'quit') return resolveOk(command);
    return reject(command, this.endedBy ? trafficErrors.again(this.endedBy) : trafficErrors.closed(false));
  }

  /** ioredis selects its database itself while it sets a connection up; a caller's own SELECT waits in its place. */
  #isCallersSelect(command: DriverCommand): boolean {
    return command.name === 'select' && Number(command.args[0]) !== this.#options.driver.condition?.select;
  }
}

function resolveOk(command: DriverCommand): unknown {
  command.resolve(Buffer.from('OK'));
  return command.promise;
}

function reject(command: DriverCommand, error: HaError): unknown {
  command.reject(error);
  return command.promise;
}
