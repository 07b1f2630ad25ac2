import { isQuit, type DriverCommand } from './command.ts';
import { isSettled } from './settled.ts';
import { isInside, isWatched } from './transaction-mark.ts';

/**
 * What becomes of a command that was in flight when its connection ended.
 * - `again`: sending it a second time changes nothing
 * - `unknown`: it may have been applied
 * - `lost`: it belonged to a transaction whose EXEC was never sent: nothing of it was applied
 * - `settled`: its caller has an answer already
 * - `quit`: it asked for the end of the connection
 */
export type Verdict = 'again' | 'unknown' | 'lost' | 'settled' | 'quit';

/** What may be sent again. */
export interface Repeats {
  /** whether a second application of the command changes nothing */
  isSafe: (command: DriverCommand) => boolean;
  /** whether what is safe to repeat may be: asked once for each unit, with its first command */
  mayRepeat: (command: DriverCommand) => boolean;
}

/**
 * `autoResendUnfulfilledCommands`: everything passes for safe, as in ioredis. But for WAIT: on another connection it would
 * count nothing.
 */
export function isResent(command: DriverCommand): boolean {
  return !['wait', 'waitaof'].includes(nameOf(command));
}

/** A verdict for each command, in order. A transaction is one unit: never half of it is sent again. */
export function afterLoss(commands: readonly DriverCommand[], repeats: Repeats): Verdict[] {
  const verdicts: Verdict[] = [];
  for (let at = 0; at < commands.length;) {
    const command = commands[at] as DriverCommand;
    const opens = nameOf(command) === 'multi';
    if (!opens && !isInside(command)) {
      verdicts.push(alone(command, repeats));
      at += 1;
      continue;
    }
    const unit = unitFrom(commands, at);
    const verdict = together(unit, opens, repeats);
    for (const member of unit) verdicts.push(isSettled(member) ? 'settled' : verdict);
    at += unit.length;
  }
  return verdicts;
}

/** The rest of a transaction, up to and with its EXEC or DISCARD. */
function unitFrom(commands: readonly DriverCommand[], from: number): DriverCommand[] {
  const end = commands.findIndex((command, index) => index >= from && ends(command));
  return commands.slice(from, end === -1 ? commands.length : end + 1);
}

function together(unit: readonly DriverCommand[], whole: boolean, { isSafe, mayRepeat }: Repeats): Verdict {
  const [first, last] = [unit[0], unit.at(-1)];
  if (!first || !last || nameOf(last) !== 'exec') return 'lost';
  const safe = whole && !isWatched(last) && !unit.some(isSettled) && unit.slice(1, -1).every(isSafe);
  return safe && mayRepeat(first) ? 'again' : 'unknown';
}

function alone(command: DriverCommand, { isSafe, mayRepeat }: Repeats): Verdict {
  if (isQuit(command)) return 'quit';
  if (isSettled(command)) return 'settled';
  return isSafe(command) && mayRepeat(command) ? 'again' : 'unknown';
}

function ends(command: DriverCommand): boolean {
  const name = nameOf(command);
  return name === 'exec' || name === 'discard';
}

function nameOf(command: DriverCommand): string {
  return command.name.toLowerCase();
}
