import { describeError, type Instant } from '@steadfast/shared';
import { waitsForData } from '../commands/blocking.ts';
import { markCalledBack } from '../commands/called-back.ts';
import type { DriverCommand } from '../commands/command.ts';
import { isRead } from '../commands/idempotence.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { Link } from '../dial/link.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { ErrorReply } from '../wire/reply.ts';

export interface CallBackOptions {
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  /** a command is looked after when it has blocked for so long */
  checkMs: number;
}

interface Open {
  readonly link: Link;
  readonly command: DriverCommand;
}

/** XREAD from `$`: sent a second time it would skip what was added in between. */
function readsOnlyNew(command: DriverCommand): boolean {
  return command.name.toLowerCase() === 'xread' && command.args.some((arg) => String(arg) === '$');
}

/** What CLIENT UNBLOCK … ERROR makes a blocked command answer. */
const UNBLOCKED = 'UNBLOCKED client unblocked via CLIENT UNBLOCK';

/**
 * Ends a blocked command by CLIENT UNBLOCK on another connection, so that it can be sent again. Where the server says that it
 * did, the command was still blocked, and so has taken nothing: that is the proof which a lost link cannot give.
 *
 * It is done when a failover is announced (a pop on the old master would be undone by it, after the caller has the element),
 * and every `checkMs` for a command that blocks on: on a link that is dead without a sign of it no answer would ever come.
 */
export class CallBack {
  readonly #options: CallBackOptions;
  /** asked for, and its error has not come yet */
  #open: Open | undefined;
  /** the server said that the command is not blocked any more, or could not be asked: an answer is due */
  #due: DriverCommand | undefined;
  /** the server does not let us; said once for each link */
  #refusedOn: Link | undefined;

  constructor(options: CallBackOptions) {
    this.#options = options;
  }

  /** An answer of this blocking command should be there by now. */
  isDue(command: DriverCommand): boolean {
    return this.#due === command;
  }

  /** The command that is answered next, blocked since `since`: looked after from time to time. */
  look(command: DriverCommand, since: Instant, now: Instant): void {
    if (now - since >= this.#options.checkMs && !readsOnlyNew(command)) this.#ask(command, 'arrived');
    else this.hold();
  }

  /** While writes are held, what would take something from the old master is called back. */
  hold(): void {
    const { driver, group } = this.#options;
    const head = driver.commandQueue.peekFront()?.command;
    if (head && group().hold.holding && !isRead(head)) this.#ask(head, 'underway');
  }

  /** Whether an error is the answer to our own question; somebody else's CLIENT UNBLOCK is meant for the caller. */
  claims(error: Error): boolean {
    if (!this.#open || !error.message.startsWith(UNBLOCKED)) return false;
    this.reset();
    return true;
  }

  /** The link has ended, or the command has been answered. */
  reset(): void {
    this.#open = undefined;
    this.#due = undefined;
  }

  /** @param where one that is still on its way is not blocked yet: that it is not says nothing, and the next look asks again */
  #ask(command: DriverCommand, where: 'arrived' | 'underway'): void {
    const { dialer } = this.#options;
    const { link } = dialer;
    if (!link || link.clientId === undefined || link === this.#refusedOn || !waitsForData(command)) return;
    if (this.#open?.link === link || this.#due === command) return;
    this.#open = { link, command };
    void this.#unblock(this.#open, link.clientId, where);
  }

  async #unblock(open: Open, clientId: number, where: 'arrived' | 'underway'): Promise<void> {
    const { group, driver } = this.#options;
    const { link, command } = open;
    const isNext = (): boolean => driver.commandQueue.peekFront()?.command === command;
    // With others behind it, one of those may be blocked by now: then nothing is known of this one.
    const isAlone = (): boolean => driver.commandQueue.length === 1 && isNext();
    const wasAlone = isAlone();
    try {
      // The number is that server's own: another one behind the same name would end somebody else's command.
      const question = [['CLIENT', 'UNBLOCK', clientId, 'ERROR']];
      const [reply] = await group().side.ask(link.endpoint, question, link.socket.remoteAddress);
      // Its error has come already, or the link has ended.
      if (this.#open !== open) return;
      if (reply instanceof ErrorReply) return this.#refused(link, reply);
      if (reply === 1 && wasAlone && isAlone()) markCalledBack(command);
      if (reply !== 1) {
        this.#open = undefined;
        if (where === 'underway') return;
      }
    } catch (error) {
      if (this.#open !== open) return;
      group().log.debug(
        { event: 'call-back-failed', error: describeError(error) },
        'a blocked command could not be looked after',
      );
      this.#open = undefined;
    }
    if (isNext()) this.#due = command;
  }

  #refused(link: Link, reply: ErrorReply): void {
    this.#open = undefined;
    this.#refusedOn = link;
    this.#options
      .group()
      .log.warn(
        { event: 'call-back-refused', error: reply.message },
        'blocked commands cannot be looked after',
      );
  }
}
