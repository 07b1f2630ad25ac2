import { exists, hasFlag } from '@ioredis/commands';
import { isCalledBack } from './called-back.ts';
import type { DriverCommand } from './command.ts';

type Safe = (options: readonly string[]) => boolean;

const always: Safe = () => true;

/** Safe unless one of these words stands among the options, which begin at argument `from`. */
function without(from: number, ...words: string[]): Safe {
  return (args) => !args.slice(from).some((arg) => words.includes(arg));
}

/** Safe where the subcommand is one of these. */
function only(...subcommands: string[]): Safe {
  return (args) => subcommands.includes(args[0] ?? '');
}

/**
 * Writes whose second application changes nothing, and questions that carry no `readonly` flag. An answer that counts
 * changes (DEL, SADD) may differ the second time. What expires after a relative time is not here: a second application
 * would prolong it.
 */
const TABLE: ReadonlyMap<string, Safe> = new Map(
  Object.entries<Safe>({
    set: without(2, 'NX', 'XX', 'GET', 'KEEPTTL', 'EX', 'PX', 'IFEQ', 'IFNE', 'IFDEQ', 'IFDNE'),
    mset: always,
    del: always,
    unlink: always,
    expireat: without(2, 'NX', 'XX', 'GT', 'LT'),
    pexpireat: without(2, 'NX', 'XX', 'GT', 'LT'),
    persist: always,
    hset: always,
    hmset: always,
    hdel: always,
    sadd: always,
    srem: always,
    zadd: without(1, 'INCR', 'NX', 'XX', 'CH', 'GT', 'LT'),
    zrem: always,
    zremrangebyscore: always,
    zremrangebylex: always,
    setbit: always,
    setrange: always,
    pfadd: always,
    geoadd: without(1, 'NX', 'XX', 'CH'),
    xack: always,
    xdel: always,
    flushdb: always,
    flushall: always,
    // Questions and matters of the connection itself.
    ping: always,
    echo: always,
    time: always,
    info: always,
    role: always,
    lastsave: always,
    select: always,
    subscribe: always,
    psubscribe: always,
    ssubscribe: always,
    unsubscribe: always,
    punsubscribe: always,
    sunsubscribe: always,
    command: always,
    client: only('SETNAME', 'GETNAME', 'SETINFO', 'ID', 'INFO', 'LIST', 'NO-EVICT', 'NO-TOUCH'),
    config: only('GET'),
    script: only('EXISTS', 'LOAD'),
    pubsub: always,
    memory: only('USAGE', 'STATS', 'DOCTOR'),
    object: always,
  }),
);

const reads = new Map<string, boolean>();

/** The server's own flag: it changes nothing. The only flag of a command that can be relied on. */
export function isRead(command: DriverCommand): boolean {
  if (command.isReadOnly) return true;
  const known = reads.get(command.name);
  if (known !== undefined) return known;
  const name = command.name.toLowerCase();
  const read = exists(name) && hasFlag(name, 'readonly');
  // Names come from the program's text, not from its data; the limit is for the program that proves this wrong.
  if (reads.size < 1_000) reads.set(command.name, read);
  return read;
}

/** Questions that carry no `readonly` flag, and subscriptions: they write nothing, and may go on while writes are held. */
const QUESTIONS: ReadonlySet<string> = new Set(
  'ping echo time info role lastsave command pubsub memory object subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe'.split(
    ' ',
  ),
);

/** It may go to a master that is about to be replaced. */
export function writesNothing(command: DriverCommand): boolean {
  return isRead(command) || QUESTIONS.has(command.name.toLowerCase());
}

const declared = new WeakSet<DriverCommand>();

/** Marks a command that carries its own proof: it may be sent any number of times. */
export function declareSafe(command: DriverCommand): void {
  declared.add(command);
}

/** Whether the command may be sent again when it is not known whether it was applied. */
export function isSafeToRepeat(command: DriverCommand): boolean {
  if (isRead(command) || declared.has(command) || isCalledBack(command)) return true;
  const safe = TABLE.get(command.name.toLowerCase());
  return safe !== undefined && safe(words(command.args));
}

/** Options are short; anything longer is data, and is not read. */
function words(args: readonly unknown[]): string[] {
  return args.map((arg) => {
    if (typeof arg === 'string') return arg.length <= 16 ? arg.toUpperCase() : '';
    return Buffer.isBuffer(arg) && arg.length <= 16 ? arg.toString('latin1').toUpperCase() : '';
  });
}
