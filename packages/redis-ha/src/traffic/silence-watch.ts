import { primaryOf, type Instant, type Timer } from '@steadfast/shared';
import { blockingMs } from '../commands/blocking.ts';
import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import { watch, type Silence } from '../dial/silence.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { CallBack } from './call-back.ts';

export interface SilenceWatchOptions {
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  silenceMs: number;
  giveUpMs: number;
  /** the primary is in doubt, and is being asked */
  doubt: () => void;
  /** it has spoken again */
  trust: () => void;
  /** called at each look */
  looked: () => void;
  /** looks after commands that block */
  callBack: CallBack;
  /** quit() has been sent: nobody waits for anything else */
  closing: () => boolean;
}

/** Looks per silenceMs. */
const LOOKS = 8;
const FRESH: Silence = { at: 'flowing', bytes: -1, since: -Infinity, busy: false };

/** Looks at the link a few times per silenceMs: one timer for all commands, and none of it on their way. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #state: Silence = FRESH;
  #timer: Timer | undefined;
  #stopNews: (() => void) | undefined;
  /** what had been sent by each look since the link fell silent: the last command then in flight */
  #looks: { readonly last: DriverCommand; readonly at: Instant }[] = [];
  /** the command whose answer is next, and since when it has been so: the server may block from then on */
  #head: { readonly command: DriverCommand; readonly since: Instant } | undefined;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.stop();
    this.#state = FRESH;
    this.#head = undefined;
    this.#schedule();
    // A way that has healed is of use at once: the old link may wait for seconds until its kernel sends again.
    this.#stopNews = this.#options.group().monitor.onChange(({ next }) => {
      if (primaryOf(next) && this.#state.at === 'suspected') this.#look();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopNews?.();
    this.#stopNews = undefined;
  }

  /**
   * When each command in flight had been sent, up to a look too early; nothing where the link was not silent. A command's
   * deadline counts from here, so that silence is part of its wait and no command waits twice.
   */
  sentAt(inFlight: readonly DriverCommand[]): ReadonlyMap<DriverCommand, Instant> {
    const times = new Map<DriverCommand, Instant>();
    if (this.#state.at === 'flowing') return times;
    let at = this.#state.since;
    let look = 0;
    for (const command of inFlight) {
      times.set(command, at);
      if (command === this.#looks[look]?.last) at = this.#looks[look++]?.at ?? at;
    }
    return times;
  }

  #schedule(): void {
    const { clock } = this.#options.group().settings;
    this.#timer = clock.timer(this.#options.silenceMs / LOOKS, () => this.#tick(), { background: true });
  }

  #tick(): void {
    if (!this.#options.dialer.link) return;
    this.#schedule();
    this.#options.looked();
    this.#look();
  }

  #look(): void {
    const { group, dialer, driver, silenceMs, giveUpMs, closing, doubt, trust } = this.#options;
    const link = dialer.link;
    if (!link) return;
    const { monitor, settings } = group();
    const primary = primaryOf(monitor.topology);
    const now = settings.clock.now();
    const sample = {
      now,
      bytes: link.socket.bytesRead,
      busy: this.#isDue(driver.commandQueue.peekFront()?.command, now),
      confirmedAt: primary?.observedAt ?? -Infinity,
      searching: primary === undefined,
    };
    const { next, act } = watch(this.#state, sample, {
      silenceMs,
      giveUpMs: closing() ? 2 * silenceMs : giveUpMs,
    });
    this.#state = next;
    this.#note(driver.commandQueue.peekBack()?.command, now);
    if (act === 'suspect') {
      monitor.suspect(`no byte for ${silenceMs} ms with work in flight`);
      doubt();
    }
    if (act === 'trust') trust();
    if (act === 'cut') dialer.cut();
  }

  /**
   * For how long the command had been the one to be answered next, ms, up to a look too little. It is about to be sent again,
   * and its time begins anew.
   */
  takeBlockedMs(command: DriverCommand): number {
    const head = this.#head;
    if (head?.command !== command) return 0;
    this.#head = undefined;
    return this.#options.group().settings.clock.now() - head.since;
  }

  #note(last: DriverCommand | undefined, at: Instant): void {
    if (this.#state.at === 'flowing') this.#looks = [];
    else if (last && last !== this.#looks.at(-1)?.last) this.#looks.push({ last, at });
  }

  /** An answer should be there, or come soon. One that blocks should when its own limit has passed. */
  #isDue(command: DriverCommand | undefined, now: Instant): boolean {
    if (command !== this.#head?.command) this.#head = command && { command, since: now };
    if (!this.#head) return false;
    const { command: head, since } = this.#head;
    const { callBack, silenceMs } = this.#options;
    const limitMs = blockingMs(head);
    if (limitMs === undefined || now >= since + limitMs + silenceMs || callBack.isDue(head)) return true;
    callBack.look(head, since, now);
    return false;
  }
}
