import { sleep, type Endpoint } from '@steadfast/shared';
import type { DriverCommand } from '../commands/command.ts';
import { writesNothing } from '../commands/idempotence.ts';
import { isInside } from '../commands/transaction-mark.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { Link } from '../dial/link.ts';
import type { DriverInternals, QueueItem } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { readHistory, sharedUpTo } from '../survival/survival.ts';
import { Forbidden, throwRefusal } from '../wire/beside.ts';
import { textOf } from '../wire/reply.ts';

export interface LateAnswersOptions {
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  /** the old master has answered these, and nobody else is known to have them: as if the link had ended before */
  unproven: (items: readonly QueueItem[], link: Link) => void;
}

interface Late {
  readonly link: Link;
  readonly replica: Endpoint;
  readonly answers: { readonly item: QueueItem; readonly give: () => void }[];
}

const QUESTION = [['INFO', 'replication']];
/** A replica that is so far behind when it is promoted has lost the rest. */
const PROOF_MS = 1_000;
const PAUSE_MS = 5;

/**
 * Answers to writes that were in flight when a failover was announced. A master that was held up, or a write that left before
 * the announcement could be heard, may be answered after the promotion, and is lost then. So these answers, and no others, are
 * given only when the chosen replica is known to have what the master had by then: each says how far it is, asked beside the
 * data. Where it has not, what may be repeated is sent again, and the rest is `unknown`, which is the truth.
 */
export class LateAnswers {
  readonly #options: LateAnswersOptions;
  readonly #kept = new WeakMap<DriverCommand, Link>();
  #late: Late | undefined;
  #size = 0;

  constructor(options: LateAnswersOptions) {
    this.#options = options;
  }

  /** How many have been answered, and not been given. */
  get size(): number {
    return this.#size;
  }

  /** Writes are held: what is in flight now may be answered too late. */
  hold(): void {
    const { group, dialer, driver } = this.#options;
    const { link } = dialer;
    if (!link || !group().hold.replica) return;
    for (const item of driver.commandQueue.toArray())
      if (isWork(item.command) && this.#kept.get(item.command) !== link) this.#keep(item, link);
  }

  #keep(item: QueueItem, link: Link): void {
    const { command } = item;
    const { group, dialer } = this.#options;
    this.#kept.set(command, link);
    const resolve = command.resolve.bind(command);
    command.resolve = (value) => {
      const { replica } = group().hold;
      // The failover has come to nothing, or this is the answer of another master.
      if (!replica || dialer.link !== link) return resolve(value);
      this.#answered({ item, give: () => resolve(value) }, link, replica);
    };
  }

  #answered(answer: Late['answers'][number], link: Link, replica: Endpoint): void {
    this.#size += 1;
    if (this.#late?.link === link) return void this.#late.answers.push(answer);
    this.#late = { link, replica, answers: [answer] };
    void this.#prove(this.#late);
  }

  async #prove(late: Late): Promise<void> {
    for (;;) {
      const answers = late.answers.splice(0);
      if (answers.length === 0) break;
      const proven = await this.#isOnReplica(late).catch((error: unknown) => error instanceof Forbidden);
      this.#size -= answers.length;
      if (proven) for (const { give } of answers) give();
      else
        this.#options.unproven(
          answers.map(({ item }) => item),
          late.link,
        );
    }
    if (this.#late === late) this.#late = undefined;
  }

  /** @throws Forbidden where that may not be asked, or as the connection does */
  async #isOnReplica({ link, replica }: Late): Promise<boolean> {
    const { clock } = this.#options.group().settings;
    const { side, replicaSide } = this.#options.group();
    const said = await side.ask(link.endpoint, QUESTION, link.socket.remoteAddress);
    throwRefusal(said);
    const master = readHistory(said[0]);
    // One that has been made a replica has given up what it had.
    if (!master || !/^role:master/m.test(textOf(said[0]))) return false;
    const until = clock.now() + PROOF_MS;
    do {
      const replies = await replicaSide.ask(replica, QUESTION);
      throwRefusal(replies);
      const now = readHistory(replies[0]);
      if (!now) return false;
      if ((sharedUpTo(master, now) ?? -1) >= master.offset) return true;
      if (now.id !== master.id) return false;
      await sleep(clock, PAUSE_MS);
    } while (clock.now() < until);
    return false;
  }
}

/** What an answer says of a transaction is said by that of its EXEC. */
function isWork(command: DriverCommand): boolean {
  const name = command.name.toLowerCase();
  if (isInside(command)) return name === 'exec';
  return !writesNothing(command) && name !== 'multi' && name !== 'select';
}
