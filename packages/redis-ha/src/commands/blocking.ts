import type { DriverCommand } from './command.ts';

/** Where a command says how long it may block. */
interface Place {
  readonly at: number;
  readonly unitMs: number;
}

type Find = (args: readonly string[]) => Place | undefined;

const secondsAt =
  (at: number): Find =>
  (args) => ({ at: at < 0 ? args.length + at : at, unitMs: 1_000 });

const msAt =
  (at: number): Find =>
  () => ({ at, unitMs: 1 });

/** XREAD and XREADGROUP block only where they say BLOCK; it stands before STREAMS, which begins what may be named anything. */
const blockOption: Find = (args) => {
  const upper = args.map((arg) => arg.toUpperCase());
  const at = upper.indexOf('BLOCK');
  const streams = upper.indexOf('STREAMS');
  return at === -1 || (streams !== -1 && streams < at) ? undefined : { at: at + 1, unitMs: 1 };
};

/** Those that wait for data, and that CLIENT UNBLOCK calls back without effect. */
const FOR_DATA: ReadonlyMap<string, Find> = new Map(
  Object.entries<Find>({
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
  }),
);

/** Others that a healthy server may answer late. */
const LIMITS: ReadonlyMap<string, Find> = new Map([...FOR_DATA, ['wait', msAt(1)], ['waitaof', msAt(2)]]);
const FOR_EVER: ReadonlySet<string> = new Set(['monitor', 'debug', 'shutdown']);

/** The names of commands that may wait for data, as programs write them. */
export const BLOCKING_NAMES: readonly string[] = [...FOR_DATA.keys()].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/** How long a healthy server may take to answer, ms; Infinity where nothing limits it, undefined where it does not block. */
export function blockingMs(command: DriverCommand): number | undefined {
  const name = command.name.toLowerCase();
  if (FOR_EVER.has(name)) return Infinity;
  const args = command.args.map(text);
  const place = LIMITS.get(name)?.(args);
  return place && read(args[place.at], place.unitMs);
}

/** It waits for data, and for nothing else. */
export function waitsForData(command: DriverCommand): boolean {
  return FOR_DATA.get(command.name.toLowerCase())?.(command.args.map(text)) !== undefined;
}

/**
 * Takes the time that has passed from the limit of a command that is to be sent again. One without a limit stays as it is.
 * @returns false where its time is over
 */
export function shorten(command: DriverCommand, byMs: number): boolean {
  const args = command.args.map(text);
  const place = FOR_DATA.get(command.name.toLowerCase())?.(args);
  const limitMs = place && read(args[place.at], place.unitMs);
  if (!place || limitMs === undefined || limitMs === Infinity) return true;
  const restMs = Math.floor(limitMs - byMs);
  if (restMs <= 0) return false;
  (command.args as unknown[])[place.at] = String(restMs / place.unitMs);
  return true;
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
