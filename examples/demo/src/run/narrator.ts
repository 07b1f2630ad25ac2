import type { ObserverEvent, Observers } from '@steadfast/lab';
import { describeEvent } from '../output/describe-event.ts';
import { since } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

const POLL_MS = 200;

/** Tells what the observers see, as they see it. */
export class Narrator {
  readonly #observers: Observers;
  readonly #screen: Screen;
  readonly #strategy: string;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;
  #told = 0;
  #origin = 0;

  constructor(observers: Observers, screen: Screen, strategy: string) {
    this.#observers = observers;
    this.#screen = screen;
    this.#strategy = strategy;
  }

  /** Times count from `origin`; what was seen before it is not told. */
  start(origin: number): void {
    this.#origin = origin;
    this.#timer = setInterval(() => {
      this.#polling ??= this.#poll().finally(() => (this.#polling = undefined));
    }, POLL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
  }

  async #poll(): Promise<void> {
    const events = await this.#observers.events().catch((): ObserverEvent[] => []);
    for (const event of events.slice(this.#told)) {
      const text = event.at < this.#origin ? undefined : describeEvent(event, this.#strategy);
      if (text !== undefined) this.#screen.line(`${since(event.at - this.#origin)}  ${text}`);
    }
    this.#told = Math.max(this.#told, events.length);
  }
}
