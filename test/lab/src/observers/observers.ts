import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LabDescription, ObserverEvent, Observers } from '../types.ts';
import type { FromObserver, ToObserver, Usage } from './observer-messages.ts';
import type { Problem } from './problems.ts';

const START_TIMEOUT_MS = 10_000;
const REPORT_TIMEOUT_MS = 2_000;
const EXIT_TIMEOUT_MS = 2_000;
/** Enough for hours of failovers; a lab that flaps faster keeps the newest. */
const MAX_EVENTS = 100_000;

export interface LabObservers extends Observers {
  readonly pid: number;
  /** What kept the observers from seeing: refused connections, wrong passwords, each message once with its count. */
  problems(): Promise<Problem[]>;
  /** What the observer process costs. */
  usage(): Promise<Usage>;
}

export type EventMatch = Parameters<Observers['waitFor']>[0];

/** Starts the observers of a lab in a process of their own; resolves once each of them has looked at its server. */
export async function startObservers(description: LabDescription): Promise<LabObservers> {
  // The same module runs as source and as build output: its sibling has the same ending.
  const main = fileURLToPath(new URL(`./observer-main${import.meta.url.slice(-3)}`, import.meta.url));
  const child = fork(main, [], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
  await once(child, 'spawn');
  const observers = new ForkedObservers(child);
  try {
    await observers.watch(description);
    return observers;
  } catch (error) {
    await observers.stop();
    throw error;
  }
}

export function matches(event: ObserverEvent, match: EventMatch): boolean {
  if (event.kind !== match.kind || event.at < match.since) return false;
  const member = 'member' in event ? event.member : undefined;
  if (match.member !== undefined && member !== match.member) return false;
  return match.notMember === undefined || member !== match.notMember;
}

class ForkedObservers implements LabObservers {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #events: ObserverEvent[] = [];
  /** Each looks at a message, or at the end (undefined), and says whether it has what it waited for. */
  readonly #waiting = new Set<(message: FromObserver | undefined) => boolean>();
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? -1;
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    child.on('message', (message: FromObserver) => this.#onMessage(message));
    child.on('error', () => undefined);
    child.on('exit', () => this.#tellWaiting(undefined));
  }

  async watch(description: LabDescription): Promise<void> {
    this.#send({ ask: 'watch', description });
    await this.#next('the start of the observers', START_TIMEOUT_MS, (each) =>
      each.tell === 'watching' ? each : undefined,
    );
  }

  async events(): Promise<ObserverEvent[]> {
    return [...this.#events];
  }

  async waitFor(match: EventMatch, timeoutMs: number): Promise<ObserverEvent> {
    const seen = this.#events.find((event) => matches(event, match));
    if (seen) return seen;
    return await this.#next(`${JSON.stringify(match)}`, timeoutMs, (message) =>
      message.tell === 'event' && matches(message.event, match) ? message.event : undefined,
    );
  }

  async problems(): Promise<Problem[]> {
    return (await this.#report()).problems;
  }

  async usage(): Promise<Usage> {
    return (await this.#report()).usage;
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_TIMEOUT_MS);
    await this.#exited;
    clearTimeout(kill);
  }

  async #report(): Promise<FromObserver & { tell: 'report' }> {
    const id = ++this.#lastId;
    this.#send({ ask: 'report', id });
    return await this.#next('a report', REPORT_TIMEOUT_MS, (each) =>
      each.tell === 'report' && each.id === id ? each : undefined,
    );
  }

  #send(message: ToObserver): void {
    if (!this.#child.connected) throw new Error('the observers have stopped');
    this.#child.send(message);
  }

  #next<T>(what: string, timeoutMs: number, pick: (message: FromObserver) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): boolean => {
        clearTimeout(timer);
        return true;
      };
      const look = (message: FromObserver | undefined): boolean => {
        if (!message) {
          reject(new Error(`the observers stopped while waiting for ${what}`));
          return done();
        }
        const found = pick(message);
        if (found === undefined) return false;
        resolve(found);
        return done();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`the observers saw no ${what} within ${timeoutMs} ms; last: ${this.#latest()}`));
      }, timeoutMs);
      if (this.#child.connected) this.#waiting.add(look);
      else look(undefined);
    });
  }

  #onMessage(message: FromObserver): void {
    if (message.tell === 'event') {
      this.#events.push(message.event);
      if (this.#events.length > MAX_EVENTS) this.#events.shift();
    }
    this.#tellWaiting(message);
  }

  #tellWaiting(message: FromObserver | undefined): void {
    for (const look of this.#waiting) if (look(message)) this.#waiting.delete(look);
  }

  #latest(): string {
    return this.#events.length === 0
      ? 'nothing'
      : this.#events
          .slice(-3)
          .map((each) => JSON.stringify(each))
          .join(' ');
  }
}
