import type { DriverCommand } from './command.ts';
import { isSafeToRepeat } from './idempotence.ts';

/**
 * What becomes of a command that was in flight when its connection ended.
 * - `again`: sending it a second time changes nothing
 * - `unknown`: it may have been applied
 * - `lost`: it belonged to a transaction whose EXEC was never sent: nothing of it was applied
 * - `settled`: its caller has an answer already
 * - `quit`: it asked for the end of the connection
 */
export type Verdict = 'again' | 'unknown' | 'lost' | 'settled' | 'quit';

/** What the connection was in the middle of, beside the commands themselves. */
export interface Mood {
  /** a MULTI had been sent whose answer has come: the next commands up to EXEC belong to it */
  readonly transaction: boolean;
  /** keys were being watched: a transaction must not be repeated where nobody watches */
  readonly watching: boolean;
}

/** A verdict for each command, in order. A transaction is one unit: never half of it is sent again. */
export function afterLoss(commands: readonly DriverCommand[], mood: Mood): Verdict[] {
  const verdicts: Verdict[] = [];
  let begun = mood.transaction;
  for (let at = 0; at < commands.length;) {
    const command = commands[at] as DriverCommand;
    const opens = nameOf(command) === 'multi';
    if (!begun && !opens && !command.inTransaction) {
      verdicts.push(alone(command));
      at += 1;
      continue;
    }
    const unit = unitFrom(commands, at);
    const verdict = together(unit, opens && !begun, mood.watching);
    for (const member of unit) verdicts.push(member.isSettled ? 'settled' : verdict);
    at += unit.length;
    begun = false;
  }
  return verdicts;
}

/** The rest of a transaction, up to and with its EXEC or DISCARD. */
function unitFrom(commands: readonly DriverCommand[], from: number): DriverCommand[] {
  const end = commands.findIndex((command, index) => index >= from && ends(command));
  return commands.slice(from, end === -1 ? commands.length : end + 1);
}

function together(unit: readonly DriverCommand[], whole: boolean, watching: boolean): Verdict {
  const last = unit.at(-1);
  if (!last || nameOf(last) !== 'exec') return 'lost';
  const inner = unit.slice(1, -1);
  return whole && !watching && inner.every(isSafeToRepeat) ? 'again' : 'unknown';
}

function alone(command: DriverCommand): Verdict {
  if (nameOf(command) === 'quit') return 'quit';
  if (command.isSettled) return 'settled';
  return isSafeToRepeat(command) ? 'again' : 'unknown';
}

function ends(command: DriverCommand): boolean {
  const name = nameOf(command);
  return name === 'exec' || name === 'discard';
}

function nameOf(command: DriverCommand): string {
  return command.name.toLowerCase();
}
