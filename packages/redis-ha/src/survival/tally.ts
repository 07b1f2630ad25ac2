import { exists, hasFlag } from '@ioredis/commands';
import type { DriverCommand } from '../commands/command.ts';
import { isInside } from '../commands/transaction-mark.ts';

/** What writes without a flag that says so. */
const WRITERS = new Set(['exec', 'eval', 'evalsha', 'fcall']);
const writes = new Map<string, boolean>();

/** A command's name comes from the program's text; the limit is for the program that proves this wrong. */
const MAX_NAMES = 1_000;

/** Counts the writes that a process has been told are done. A transaction is one, when its EXEC is answered. */
export class Tally {
  acknowledged = 0;
  readonly #clients = new Set<() => number>();
  /** ioredis hands some commands over twice */
  readonly #watched = new WeakSet<DriverCommand>();

  /** How many commands have been sent and not answered, of all clients. */
  get inFlight(): number {
    let sum = 0;
    for (const client of this.#clients) sum += client();
    return sum;
  }

  /** @returns the way to leave */
  join(inFlight: () => number): () => void {
    this.#clients.add(inFlight);
    return () => void this.#clients.delete(inFlight);
  }

  watch(command: DriverCommand): void {
    if (!isWrite(command.name) || this.#watched.has(command)) return;
    this.#watched.add(command);
    const resolve = command.resolve.bind(command);
    command.resolve = (value) => {
      if (command.name === 'exec' || !isInside(command)) this.acknowledged += 1;
      resolve(value);
    };
  }
}

function isWrite(name: string): boolean {
  const known = writes.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const write = WRITERS.has(lower) || (exists(lower) && hasFlag(lower, 'write'));
  if (writes.size < MAX_NAMES) writes.set(name, write);
  return write;
}
