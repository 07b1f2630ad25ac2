import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What a process holds. */
export interface Held {
  /** bytes that are reachable */
  readonly heap: number;
  /** open handles and requests, by type */
  readonly resources: Readonly<Record<string, number>>;
  /** listeners of the process's own events */
  readonly listeners: number;
}

/** After a full collection; what finalizers let go is collected too. */
export async function held(): Promise<Held> {
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return { heap: process.memoryUsage().heapUsed, resources: resources(), listeners };
}

export function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** How many sockets there are, and timers that keep the process: what a client that has ended must not leave. */
export function open(): number {
  const { TCPSocketWrap = 0, TLSWrap = 0, TCPConnectWrap = 0, Timeout = 0 } = resources();
  return TCPSocketWrap + TLSWrap + TCPConnectWrap + Timeout;
}

/** Waits, at most so long, until no more than `count` are open. @returns how many there are */
export async function openDownTo(count: number, withinMs: number): Promise<number> {
  const until = performance.now() + withinMs;
  while (open() > count && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  return open();
}
