import { describe, expect, it } from 'vitest';
import { afterLoss, isResent } from './after-loss.ts';
import type { DriverCommand } from './command.ts';
import { isSafeToRepeat } from './idempotence.ts';
import { markInside, markWatched } from './transaction-mark.ts';

/**
 * 'incr', 'get', or with a mark: 'set+' is inside a pipelined transaction, 'set*' was sent inside another, 'exec?' while keys
 * were watched, 'get!' is settled already.
 */
function commands(text: string): DriverCommand[] {
  return text.split(' ').map((word) => {
    const name = word.replace(/[+!*?]$/, '');
    const command = {
      name,
      args: ['k', 'v'],
      promise: Promise.resolve(),
      inTransaction: word.endsWith('+'),
      isSettled: word.endsWith('!'),
      resolve: () => undefined,
      reject: () => undefined,
    };
    if (word.endsWith('*')) markInside(command);
    if (word.endsWith('?')) markWatched(command);
    return command;
  });
}

const cases: { says: string; inFlight: string; verdicts: string }[] = [
  {
    says: 'each command for itself',
    inFlight: 'get incr set lpush',
    verdicts: 'again unknown again unknown',
  },
  { says: 'what its caller gave up', inFlight: 'get! incr! get', verdicts: 'settled settled again' },
  { says: 'a QUIT has got what it wanted', inFlight: 'incr quit', verdicts: 'unknown quit' },
  {
    says: 'a whole transaction of safe commands',
    inFlight: 'multi+ set+ get+ exec',
    verdicts: 'again again again again',
  },
  {
    says: 'one unsafe command spoils it all',
    inFlight: 'multi+ set+ incr+ exec',
    verdicts: 'unknown unknown unknown unknown',
  },
  { says: 'a transaction with an answered beginning', inFlight: 'set+ exec', verdicts: 'unknown unknown' },
  { says: 'only its EXEC is left', inFlight: 'exec get', verdicts: 'unknown again' },
  { says: 'only an EXEC that was sent inside is left', inFlight: 'exec* get', verdicts: 'unknown again' },
  {
    says: 'it is no part of the next one',
    inFlight: 'exec* multi+ set+ exec',
    verdicts: 'unknown again again again',
  },
  { says: 'no EXEC was sent', inFlight: 'multi set', verdicts: 'lost lost' },
  { says: 'it was discarded', inFlight: 'multi set discard get', verdicts: 'lost lost lost again' },
  {
    says: 'two in a row are two',
    inFlight: 'multi+ set+ exec multi+ incr+ exec',
    verdicts: 'again again again unknown unknown unknown',
  },
  { says: 'begun before, not ended', inFlight: 'get set*', verdicts: 'again lost' },
  { says: 'begun before, ended', inFlight: 'set* exec* get', verdicts: 'unknown unknown again' },
  { says: 'begun before, discarded', inFlight: 'set* discard* get', verdicts: 'lost lost again' },
  { says: 'not built as a pipeline', inFlight: 'multi set* exec*', verdicts: 'again again again' },
  {
    says: 'what came before it is not part of it',
    inFlight: 'incr multi set*',
    verdicts: 'unknown lost lost',
  },
  {
    says: 'watched: nobody watches now',
    inFlight: 'multi+ set+ exec?',
    verdicts: 'unknown unknown unknown',
  },
  {
    says: 'given up by one caller: not again',
    inFlight: 'multi+ set! exec',
    verdicts: 'unknown settled unknown',
  },
];

describe('after the loss of a link', () => {
  it.each(cases)('$says: $inFlight', ({ inFlight, verdicts }) => {
    expect(afterLoss(commands(inFlight), { isSafe: isSafeToRepeat, mayRepeat: () => true }).join(' ')).toBe(
      verdicts,
    );
  });

  it('a budget that ends is asked once for each unit, and never splits one', () => {
    let tokens = 2;
    const verdicts = afterLoss(commands('get multi+ set+ set+ exec get'), {
      isSafe: isSafeToRepeat,
      mayRepeat: () => tokens-- > 0,
    });
    expect(verdicts.join(' ')).toBe('again again again again again unknown');
    expect(tokens).toBe(-1);
    const none = afterLoss(commands('multi+ set+ exec'), { isSafe: isSafeToRepeat, mayRepeat: () => false });
    expect(none.join(' ')).toBe('unknown unknown unknown');
  });

  it('with autoResendUnfulfilledCommands everything is sent again but WAIT, and still no half of a transaction', () => {
    const resent = { isSafe: isResent, mayRepeat: () => true };
    expect(afterLoss(commands('incr multi+ incr+ exec wait waitaof'), resent).join(' ')).toBe(
      'again again again again unknown unknown',
    );
    expect(afterLoss(commands('incr+ exec'), resent).join(' ')).toBe('unknown unknown');
  });
});
