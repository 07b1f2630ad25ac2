import type { DriverCommand } from './command.ts';

/** Where a command says how long it may block, and in what unit. */
type Limit = (args: readonly string[]) => number | undefined;

const secondsAt =
  (at: number): Limit =>
  (args) =>
    read(args.at(at), 1_000);

const msAt =
  (at: number): Limit =>
  (args) =>
    read(args.at(at), 1);

/** XREAD and XREADGROUP block only where they say BLOCK; it stands before STREAMS, which begins what may be named anything. */
const blockOption: Limit = (args) => {
  const upper = args.map((arg) => arg.toUpperCase());
  const at = upper.indexOf('BLOCK');
  const streams = upper.indexOf('STREAMS');
  return at === -1 || (streams !== -1 && streams < at) ? undefined : read(args[at + 1], 1);
};

const forEver: Limit = () => Infinity;

/** Commands that a healthy server may answer late. */
const LIMITS: Readonly<Record<string, Limit>> = {
  blpop: secondsAt(-1),
  brpop: secondsAt(-1),
  brpoplpush: secondsAt(-1),
  blmove: secondsAt(-1),
  blmovem: secondsAt(4),
  bzpopmin: secondsAt(-1),
  bzpopmax: secondsAt(-1),
  bzmpop: secondsAt(0),
  blmpop: secondsAt(0),
  xread: blockOption,
  xreadgroup: blockOption,
  wait: msAt(1),
  waitaof: msAt(2),
  monitor: forEver,
  debug: forEver,
  shutdown: forEver,
};

/** How long a healthy server may take to answer, ms; Infinity where nothing limits it, undefined where it does not block. */
export function blockingMs(command: DriverCommand): number | undefined {
  const limit = LIMITS[command.name.toLowerCase()];
  return limit?.(command.args.map(text));
}

/** 0 is for ever; so is what cannot be read: the server will say what it thinks of it. */
function read(word: string | undefined, unitMs: number): number {
  const value = Number(word);
  return value > 0 ? value * unitMs : Infinity;
}

/** Options and times are short; what is longer is data. */
function text(arg: unknown): string {
  if (typeof arg === 'string') return arg.length <= 32 ? arg : '';
  if (typeof arg === 'number') return String(arg);
  return Buffer.isBuffer(arg) && arg.length <= 32 ? arg.toString('latin1') : '';
}
