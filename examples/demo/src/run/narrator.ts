import { monotonicMs, type ObserverEvent, type Observers } from '@steadfast/lab';
import { describeEvent } from '../output/describe-event.ts';
import { since } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

const POLL_MS = 100;
/** What is told waits this long, so that news from several sources comes in its order. */
const HOLD_BACK_MS = 400;

/** Tells what the demo does and what the observers see, in the order in which it happened. */
export class Narrator {
  readonly #observers: Observers;
  readonly #screen: Screen;
  readonly #strategy: string;
  readonly #pending: { at: number; what: string }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #seen = 0;
  #named: string | undefined;
  #origin = 0;
  #printsUntil = Infinity;

  constructor(observers: Observers, screen: Screen, strategy: string) {
    this.#observers = observers;
    this.#screen = screen;
    this.#strategy = strategy;
  }

  /** Times count from `origin`; what the observers saw before it is not told. */
  start(origin: number): void {
    this.#origin = origin;
    this.#timer = setInterval(() => {
      this.#polling ??= this.#poll().finally(() => (this.#polling = undefined));
    }, POLL_MS);
  }

  /** Prints nothing while `work` lasts: what it did comes with its end, and belongs before what followed from it. */
  async after<T>(work: Promise<T>): Promise<T> {
    this.#printsUntil = monotonicMs();
    try {
      return await work;
    } finally {
      this.#printsUntil = Infinity;
    }
  }

  tell(at: number, what: string): void {
    this.#pending.push({ at, what });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
    this.#print(Infinity);
  }

  async #poll(): Promise<void> {
    const events = await this.#observers.events().catch((): ObserverEvent[] => []);
    for (const event of events.slice(this.#seen)) this.#consider(event);
    this.#seen = Math.max(this.#seen, events.length);
    this.#print(Math.min(this.#printsUntil, monotonicMs() - HOLD_BACK_MS));
  }

  #consider(event: ObserverEvent): void {
    if (event.kind === 'sentinel-names') {
      // Votes and epochs change more often than the name.
      if (event.member === this.#named) return;
      this.#named = event.member;
    }
    const what = describeEvent(event, this.#strategy);
    if (event.at >= this.#origin && what !== undefined) this.tell(event.at, what);
  }

  #print(until: number): void {
    this.#pending.sort((a, b) => a.at - b.at);
    while (this.#pending[0] && this.#pending[0].at <= until) {
      const { at, what } = this.#pending[0];
      this.#pending.shift();
      this.#screen.line(`${since(at - this.#origin)}  ${what}`);
    }
  }
}
