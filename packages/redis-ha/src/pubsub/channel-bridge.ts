import { MIN_KEPT } from './publish-kept.ts';

export interface Kept {
  readonly id: string;
  readonly token: string;
  readonly message: string;
}

/** Reads the stream, oldest first: from the entry `from` on, that one included. */
export type ReadPage = (from: string, count: number) => Promise<readonly Kept[]>;

/** Messages that are remembered, to know again what is read a second time. */
const REMEMBERED = 1_000;
const PAGE = 500;
/** More messages than this while one page is read: it is read on instead. */
const MAX_LIVE = 10_000;

/**
 * - `live`: messages are given out as they are heard
 * - `reading`: what was missed is read from the stream first; `heard` while the current page is read
 */
type State = { readonly at: 'live' } | { readonly at: 'reading'; readonly heard: Kept[] };

/**
 * Makes a channel whole from the stream beside it: after a gap it reads on from what it remembers, in order, and gives nothing
 * out twice. Messages are known by their token, not by their id: a new primary that has lost the stream's tail may give a
 * message that is published again another id, or one that is not higher than those given out.
 */
export class ChannelBridge {
  readonly #give: (kept: Kept) => void;
  /** token and id, in the order they came */
  readonly #seen = new Map<string, string>();
  /** between what had been given out and what a reading began with there may have been more: until that has been told */
  #gap = false;
  #state: State = { at: 'reading', heard: [] };

  constructor(give: (kept: Kept) => void) {
    this.#give = give;
  }

  /** Everything up to the newest entry now is past. */
  begin(newest: Kept | undefined): void {
    if (newest) this.#remember(newest);
  }

  hear(kept: Kept): void {
    if (this.#state.at === 'live') this.#offer(kept);
    else if (this.#state.heard.length <= MAX_LIVE) this.#state.heard.push(kept);
  }

  /** The subscription is broken: what is heard from now on comes after what has to be read first. */
  pause(): void {
    this.#state = { at: 'reading', heard: [] };
  }

  /** Reads what was missed, then goes live. @returns whether nothing can have been missed; undefined where it was paused again */
  async catchUp(read: ReadPage): Promise<boolean | undefined> {
    const known = this.#seen.size;
    let from = this.#seen.values().next().value ?? '-';
    let first = true;
    // What was heard before is in the stream; it is kept in case that cannot be read.
    let heard = this.#state.at === 'reading' ? this.#state.heard : [];
    for (;;) {
      const state: State = { at: 'reading', heard };
      this.#state = state;
      const before = heard.length;
      const page = await read(from, PAGE);
      if (this.#state !== state) return undefined;
      // By the first page alone: what it gives out is known from then on, and a later page begins with some of that.
      if (first)
        this.#gap ||=
          known === 0 ? page.length >= MIN_KEPT : !page.some(({ token }) => this.#seen.has(token));
      first = false;
      for (const kept of page) this.#offer(kept);
      from = page.at(-1)?.id ?? from;
      // What was heard while this was read is in it, or comes right after it.
      if (page.length === PAGE || heard.length > MAX_LIVE) {
        heard = [];
        continue;
      }
      this.#state = { at: 'live' };
      for (const kept of heard.slice(before)) this.#offer(kept);
      const whole = !this.#gap;
      this.#gap = false;
      return whole;
    }
  }

  /** Reading was given up: from here on as heard, and what has been heard meanwhile. */
  goLive(): void {
    const heard = this.#state.at === 'reading' ? this.#state.heard : [];
    this.#state = { at: 'live' };
    this.#gap = false;
    for (const kept of heard) this.#offer(kept);
  }

  #offer(kept: Kept): void {
    if (this.#seen.has(kept.token)) return;
    this.#remember(kept);
    this.#give(kept);
  }

  #remember({ token, id }: Kept): void {
    this.#seen.set(token, id);
    if (this.#seen.size <= REMEMBERED) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}
