import { backoffMs, endpointKey, type Timer } from '@steadfast/shared';
import type { Dialer } from '../dial/dialer.ts';
import { fateOf, type Link } from '../dial/link.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';

export interface PassageOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  /** nothing may pass unseen from now on */
  shut: () => void;
  /** something may be free to go */
  look: () => void;
}

/** Pauses after a refusal by role, while nobody else is primary. */
const REFUSED_PAUSE = { minMs: 25, maxMs: 250 };
/** How long in-flight commands of a server that calls itself a replica may take to be refused. */
const DRAIN_MS = 250;
const DRAIN_STEP_MS = 5;

/**
 * What keeps new commands from the link there is.
 * - `closed`: none is set up
 * - `free`: nothing
 * - `paused`: the server has refused by role; a moment later it is tried again
 * - `doubted`: it is silent: it speaks again, or is cut
 * - `ending`: it drains, or is cut already
 */
type State =
  | { readonly at: 'closed' }
  | { readonly at: 'free' }
  | { readonly at: 'paused'; readonly timer: Timer }
  | { readonly at: 'doubted'; readonly link: Link }
  | { readonly at: 'ending'; readonly link: Link };

/** Whether commands may go to the current link, and the end of links that are to be used no more. */
export class Passage {
  readonly #options: PassageOptions;
  #state: State = { at: 'closed' };
  #refusals = 0;

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  /** ioredis has finished setting the connection up. */
  get ready(): boolean {
    return this.#state.at !== 'closed';
  }

  /** The link is being ended by us, since its server has been replaced. */
  get interrupted(): boolean {
    return this.#state.at === 'ending';
  }

  get free(): boolean {
    const { dialer, group } = this.#options;
    const link = dialer.link;
    return (
      this.#state.at === 'free' && link !== undefined && fateOf(link, group().monitor.topology) === 'keep'
    );
  }

  begin(): void {
    this.#refusals = 0;
    this.#transition({ at: 'free' });
  }

  end(): void {
    this.#transition({ at: 'closed' });
  }

  /** What is known of the primary has changed. */
  topologyChanged(): void {
    const { dialer, group, look } = this.#options;
    const link = dialer.link;
    if (!link) return;
    const fate = fateOf(link, group().monitor.topology);
    if (fate === 'cut') this.#cut(link);
    else if (fate === 'drain') this.#drain(link);
    else look();
  }

  /** The server refuses by role: nothing is sent until something changes, or a moment has passed. */
  refused(): void {
    if (this.#state.at !== 'free') return;
    const { clock, random } = this.#options.settings;
    const ms = backoffMs(REFUSED_PAUSE, this.#refusals++, random);
    this.#transition({ at: 'paused', timer: clock.timer(ms, () => this.#free()) });
  }

  /** The link is silent: nothing more is put into it until it has spoken, whatever its primary says on another. */
  doubt(): void {
    const { link } = this.#options.dialer;
    if (link && this.#state.at === 'free') this.#transition({ at: 'doubted', link });
  }

  /** It has spoken. */
  trust(): void {
    if (this.#state.at === 'doubted' && this.#state.link === this.#options.dialer.link) this.#free();
  }

  #free(): void {
    this.#transition({ at: 'free' });
    this.#options.look();
  }

  #cut(link: Link): void {
    this.#transition({ at: 'ending', link });
    const { group, dialer } = this.#options;
    group().log.info(
      { event: 'connection-cut', member: endpointKey(link.endpoint) },
      'cutting the connection to a replaced primary',
    );
    dialer.cut();
  }

  #drain(link: Link): void {
    if (this.#state.at === 'ending') return;
    this.#transition({ at: 'ending', link });
    const { settings, dialer, driver } = this.#options;
    const until = settings.clock.now() + DRAIN_MS;
    const step = (): void => {
      if (dialer.link !== link) return;
      if (driver.commandQueue.length === 0 || settings.clock.now() >= until) this.#cut(link);
      else settings.clock.timer(DRAIN_STEP_MS, step);
    };
    step();
  }

  #transition(next: State): void {
    if (this.#state.at === 'paused') this.#state.timer.cancel();
    this.#state = next;
    if (next.at !== 'free') this.#options.shut();
  }
}
