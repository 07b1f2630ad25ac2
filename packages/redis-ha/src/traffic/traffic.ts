import { endpointKey, withOutcome, type HaError, type Outcome } from '@steadfast/shared';
import { afterLoss, isResent, type Verdict } from '../commands/after-loss.ts';
import { shorten, waitsForData } from '../commands/blocking.ts';
import { unmarkCalledBack } from '../commands/called-back.ts';
import { isQuit, reject, resolveOk, type DriverCommand } from '../commands/command.ts';
import { awaitsReplicas, classifyReply, isByRole, saysReplica } from '../commands/error-reply.ts';
import { isSafeToRepeat, writesNothing } from '../commands/idempotence.ts';
import type { Ticket } from '../commands/parked-queue.ts';
import { isSettled, markSettled } from '../commands/settled.ts';
import { TransactionGuard } from '../commands/transaction-guard.ts';
import { isInside } from '../commands/transaction-mark.ts';
import { conditionOf } from '../dedicated/condition.ts';
import type { Condition } from '../dedicated/dedicated-pool.ts';
import type { Link } from '../dial/link.ts';
import { drain, isHandshake, isSubscribe, type QueueItem } from '../driver/internals.ts';
import { forsake, namesLink, withoutNames } from '../driver/link-names.ts';
import { trafficErrors, type LinkLoss } from './errors.ts';
import { Parking } from './parking.ts';
import { Passage } from './passage.ts';
import { adoptResubscription } from './resubscribing.ts';
import type { TrafficOptions } from './traffic-options.ts';

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
  /** nothing keeps commands from the link, and none waits */
  #clear = false;
  #flushing = false;
  /** the last link ended while it was being set up */
  #setUpLost = false;

  constructor(options: TrafficOptions) {
    this.#options = options;
    const { settings, group, dialer, disconnect, story } = options;
    this.#guard = new TransactionGuard(settings.clock, () => this.flush());
    this.#parking = new Parking({
      settings,
      group,
      story,
      quitExpired: disconnect,
      left: () => this.flush(),
      // Without that step the rest must not be applied, and the server does not know.
      stepLost: () => this.#guard.open && dialer.cut(),
    });
    this.#passage = new Passage({ ...options, shut: () => this.#shut(), look: () => this.flush() });
  }

  get waiting(): number {
    return this.#parking.size;
  }

  get ready(): boolean {
    return this.#passage.ready && this.#options.dialer.link !== undefined;
  }

  /** A transaction is open on the connection that was not built as one pipeline: what is sent now belongs to it. */
  get transacting(): boolean {
    return this.#guard.open;
  }

  /** Whether the connection is as it was when it was opened: what is lent to one caller after another must be. */
  get condition(): Condition {
    const { driver, settings } = this.#options;
    if (this.closing || driver.status === 'end') return 'ended';
    const quiet = this.#clear && this.#parking.size === 0;
    return conditionOf(driver, settings.driver.db ?? 0, quiet ? this.#guard.state : 'open');
  }

  /** The way of a command that cannot simply pass. */
  route(command: DriverCommand, stream: unknown): unknown {
    const { driver, send, settings } = this.#options;
    const { status } = driver;
    const { connectionName } = settings.driver;
    if (this.#flushing) return send(command);
    if (this.#setUpLost && status !== 'connect' && namesLink(command, connectionName))
      return forsake(command);
    if (status === 'end') return this.#afterEnd(command);
    if (isQuit(command)) return this.#quit(command, stream);
    if (status === 'wait') this.#options.connect();
    if (status === 'connect' && isHandshake(command) && !this.#isCallersSelect(command)) return send(command);
    // ioredis would return to the database of before; every parked command brings its own.
    if (status === 'ready' && !this.#passage.ready && command.name === 'select') return resolveOk(command);
    if (status === 'ready' && !this.#passage.ready && isSubscribe(command)) return this.#parkOwn(command);
    const alerted = this.#guard.alert;
    const refusal = this.#guard.refusal(command);
    // Later: what of a pipeline is still to come goes as the first of it did, beside the one write that is made of a whole one.
    if (alerted && !this.#guard.alert) queueMicrotask(() => this.flush());
    if (refusal) return reject(command, refusal);
    if (this.#clear) return this.#dispatch(command, stream);
    return this.#mayPass(command) ? this.#dispatch(command) : this.#park(command);
  }

  /** An error reply: true where the command waits for another try, and must not be settled. */
  refused(error: Error, command: DriverCommand): boolean {
    const { driver, group, dialer, settings } = this.#options;
    if (driver.status !== 'ready') return false;
    if (this.#options.care.callBack.claims(error)) return this.#calledBack(command);
    // It answers the last attempt; one before it may have been applied.
    if (this.#parking.outcomeOf(command) === 'unknown') withOutcome(error, 'unknown');
    classifyReply(error, command);
    const { db } = this;
    const { link } = dialer;
    const at = settings.clock.now();
    const awaits = awaitsReplicas(error, at - (link?.since ?? -Infinity));
    if (!isByRole(error) && !awaits) return false;
    if (link && saysReplica(error))
      group().monitor.report({ kind: 'self', endpoint: link.endpoint, role: 'replica', at });
    else if (!awaits) group().monitor.suspect(error.message);
    if (isInside(command) || TransactionGuard.concerns(command.name)) return false;
    if (isSettled(command) || !this.#parking.mayRepeat(command, 'rejected', db)) return false;
    if (!this.#hasTimeLeft(command)) return true;
    this.#parking.putBack(command, 'rejected', error, db);
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

  /** It has spoken again. */
  trust(): void {
    this.#passage.trust();
  }

  /** Sends what waits, as far as it may go, and opens the way when nothing is left. */
  flush(): void {
    if (!this.#passage.free) return this.#shut();
    const { dialer, group, driver, select } = this.#options;
    const { holding } = group().hold;
    if (this.#clear) return holding ? this.#shut() : undefined;
    const socket = dialer.link?.socket;
    this.#flushing = true;
    socket?.cork();
    for (const ticket of this.#parking.tickets) {
      if (holding && !writesNothing(ticket.command)) break;
      this.#parking.remove(ticket);
      this.#sendTicket(ticket);
    }
    const empty = this.#parking.size === 0;
    if (empty && driver.condition?.select !== this.#parking.db) select(this.#parking.db);
    socket?.uncork();
    this.#flushing = false;
    this.#clear = empty && !holding && !this.#guard.alert;
    this.#decideOpen();
  }

  connectionReady(): void {
    this.#setUpLost = false;
    this.#passage.begin();
    this.flush();
  }

  /** A link has ended. ioredis hears of it next, and finds nothing left to do. */
  unlinked(link: Link): void {
    const { driver, group, settings } = this.#options;
    const { ready, interrupted } = this.#passage;
    const { connectionName } = settings.driver;
    this.#passage.end();
    this.#setUpLost = !ready;
    const taken = (queue: typeof driver.commandQueue): QueueItem[] =>
      ready ? drain(queue) : withoutNames(drain(queue), connectionName);
    const [inFlight, late] = [taken(driver.commandQueue), taken(driver.offlineQueue)];
    this.#guard.ended();
    // What is sent during the handshake is ioredis's own, and ends with it.
    const verdicts = ready ? this.#verdicts(inFlight) : [];
    this.#settleAll(inFlight, verdicts, link, interrupted ? 'HA_INTERRUPTED' : 'HA_CONNECTION_LOST');
    for (const item of late) this.#parkLate(item);
    if (!this.closing) group().monitor.suspect(`the connection to ${endpointKey(link.endpoint)} ended`);
  }

  /** The clock of a command with a `commandTimeout` begins. */
  began(command: DriverCommand): void {
    this.#parking.began(command);
  }

  /** ioredis has told the caller that the command timed out. @returns what is known of it */
  timedOut(command: DriverCommand): Outcome {
    markSettled(command);
    return this.#parking.drop(command);
  }

  /** Ends the connection, which a server that says nothing will not; work on connections of their own may go on. */
  quitUnanswered(command: DriverCommand): void {
    this.#options.dialer.disconnect();
    resolveOk(command);
  }

  /** Ends everything that waits. */
  end(reason: HaError | undefined): void {
    this.endedBy = reason;
    this.#passage.end();
    for (const { command, outcome } of this.#parking.takeAll()) {
      if (isQuit(command)) resolveOk(command);
      else command.reject(reason ? trafficErrors.again(reason, outcome) : trafficErrors.closed(outcome));
    }
  }

  /** The server refuses us for now: whoever waits should know at once. */
  rejectWaiting(error: HaError): void {
    for (const { command, outcome, own } of this.#parking.takeAll()) {
      if (own) this.#parking.putOwn(command);
      else if (isQuit(command)) this.#quitNow(command);
      else command.reject(trafficErrors.again(error, outcome));
    }
  }

  /** Answers of a master that has been replaced, which nobody else is known to have: as if none had come. */
  unproven(items: readonly QueueItem[], link: Link): void {
    this.#shut();
    this.#settleAll(items, this.#verdicts(items), link, 'HA_INTERRUPTED');
    this.flush();
  }

  #verdicts(inFlight: readonly QueueItem[]): readonly Verdict[] {
    const dbs = new Map(inFlight.map(({ command, select }) => [command, select]));
    for (const [command, at] of this.#options.care.sentAt([...dbs.keys()])) this.#parking.began(command, at);
    const mayRepeat = (command: DriverCommand): boolean =>
      !this.closing && this.#parking.mayRepeat(command, 'unknown', dbs.get(command) ?? 0);
    const { autoResendUnfulfilledCommands } = this.#options.settings.ha;
    const isSafe = autoResendUnfulfilledCommands ? isResent : isSafeToRepeat;
    return afterLoss([...dbs.keys()], { isSafe, mayRepeat });
  }

  #shut(): void {
    if (!this.#clear) return;
    this.#parking.db = this.db;
    this.#clear = false;
    this.#decideOpen();
  }

  /** Inside a transaction that was not built as one pipeline every command is looked at, and marked. */
  #decideOpen(): void {
    this.open = this.#clear && !this.#guard.open;
  }

  /** The database that the next command is meant for. */
  get db(): number {
    const { condition } = this.#options.driver;
    return this.#clear && condition ? condition.select : this.#parking.db;
  }

  /** During a hold reads go on, until a write waits: what one caller sends stays in order. */
  #mayPass(command: DriverCommand): boolean {
    if (this.#parking.size > 0 || !this.#passage.free) return false;
    return !this.#options.group().hold.holding || writesNothing(command);
  }

  #dispatch(command: DriverCommand, stream?: unknown): unknown {
    if (!this.#clear && !this.#flushing) this.#parking.passed(command);
    this.#guard.sent(command);
    this.#decideOpen();
    return this.#options.send(command, stream);
  }

  #sendTicket(ticket: Ticket): void {
    const { driver, select } = this.#options;
    const { command, db, outcome } = ticket;
    if (isSettled(command) && !ticket.own && ticket.unit === undefined) return;
    const strayed = ticket.step && !this.#guard.open ? trafficErrors.strayed(command.name) : undefined;
    const refusal = this.#guard.refusal(command) ?? strayed;
    if (refusal)
      return command.reject(outcome === 'unknown' ? trafficErrors.again(refusal, outcome) : refusal);
    ticket.attempts += 1;
    this.#parking.sending(ticket);
    this.#options.story.sent(command);
    unmarkCalledBack(command);
    if (command.name !== 'select' && driver.condition?.select !== db) select(db);
    try {
      this.#dispatch(command);
    } catch (error) {
      // An argument that cannot be written is its caller's trouble, and nobody else's. Where ioredis could not even read it,
      // the caller knows already, and the command has nothing to be settled by. A transaction goes whole or not at all.
      if ('reject' in command) command.reject(error as Error);
      if (isInside(command)) this.#options.dialer.cut();
    }
  }

  #park(command: DriverCommand): unknown {
    const { open } = this.#guard;
    const refusal = this.#parking.refusal(command, open);
    if (!refusal) {
      this.#parking.put(command, this.#parking.db, open);
      return command.promise;
    }
    if (command.name.toLowerCase() === 'multi') this.#guard.refuse(command, refusal);
    return reject(command, refusal);
  }

  /** Given between the end of the link and our hearing of it: ioredis let it wait, whatever was open on that link. */
  #parkLate({ command, select }: QueueItem): void {
    const refusal = this.#guard.refusal(command) ?? this.#parking.stray(command, false);
    if (refusal) this.#lost(command, refusal);
    else this.#parking.put(command, select);
  }

  #parkOwn(command: DriverCommand): unknown {
    const { settings, group } = this.#options;
    adoptResubscription(command, settings.driver.keyPrefix ?? '', group().log);
    this.#parking.putOwn(command);
    return command.promise;
  }

  #settleAll(items: readonly QueueItem[], verdicts: readonly Verdict[], link: Link, code: LinkLoss): void {
    for (const [index, { command, select }] of items.entries()) {
      const lost = trafficErrors.linkLost(code, command.name, endpointKey(link.endpoint));
      this.#settle(command, select, verdicts[index] ?? 'unknown', lost);
    }
  }

  #settle(command: DriverCommand, db: number, verdict: Verdict, lost: HaError): void {
    if (!this.closing && this.#parking.isOwn(command))
      return this.#parking.putBack(command, 'unknown', lost, db);
    switch (verdict) {
      case 'settled':
        return;
      case 'quit':
        return void resolveOk(command);
      case 'lost':
        return this.#lost(command, trafficErrors.transactionLost(lost.member ?? ''));
      case 'unknown':
        return this.#lost(command, this.closing ? trafficErrors.closed('unknown') : lost);
      case 'again':
        if (this.#hasTimeLeft(command)) this.#parking.putBack(command, 'unknown', lost, db);
    }
  }

  #lost(command: DriverCommand, error: HaError): void {
    this.#options.story.lost(command, error);
    command.reject(error);
  }

  /** We have ended it ourselves, before it took anything: it is sent again as if it had never been. */
  #calledBack(command: DriverCommand): boolean {
    if (isSettled(command)) return false;
    const db = this.db;
    this.#parking.forget(command);
    if (!this.#hasTimeLeft(command)) return true;
    this.#shut();
    this.#parking.put(command, db);
    this.flush();
    return true;
  }

  /** A command that blocks goes on within its own time; where that is over it is told so, as the server would have. */
  #hasTimeLeft(command: DriverCommand): boolean {
    if (!waitsForData(command) || shorten(command, this.#options.care.takeBlockedMs(command))) return true;
    command.resolve(null);
    return false;
  }

  #quit(command: DriverCommand, stream: unknown): unknown {
    const { dialer, driver } = this.#options;
    if (this.#parking.size > 0) return this.#park(command);
    this.closing = true;
    const mayGo = driver.status === 'ready' && dialer.link !== undefined;
    if (mayGo) return this.#dispatch(command, this.#clear ? stream : undefined);
    return this.#quitNow(command);
  }

  #quitNow(command: DriverCommand): unknown {
    this.#options.disconnect();
    return resolveOk(command);
  }

  #afterEnd(command: DriverCommand): unknown {
    if (isQuit(command)) return resolveOk(command);
    return reject(
      command,
      this.endedBy ? trafficErrors.again(this.endedBy) : trafficErrors.closed('notSent'),
    );
  }

  /** ioredis selects its database itself while it sets a connection up; a caller's own SELECT waits in its place. */
  #isCallersSelect(command: DriverCommand): boolean {
    return command.name === 'select' && Number(command.args[0]) !== this.#options.driver.condition?.select;
  }
}
