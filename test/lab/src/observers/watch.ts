import type { ObserverEvent } from '../types.ts';

export interface NamedEndpoint {
  name: string;
  host: string;
  port: number;
}

/** Something that watches, driven by the process's one timer. */
export interface Watcher {
  /** Has it seen anything yet, be it a failure? */
  readonly started: boolean;
  tick(now: number): void;
  stop(): void;
}

/** Where watchers report to. */
export interface Report {
  event(event: ObserverEvent): void;
  problem(source: string, error: unknown): void;
}
