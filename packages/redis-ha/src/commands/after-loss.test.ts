import { describe, expect, it } from 'vitest';
import { afterLoss, type Mood } from './after-loss.ts';
import type { DriverCommand } from './command.ts';

const CALM: Mood = { transaction: false, watching: false };

/** 'incr', 'get', or with a mark: 'set+' is inside a pipelined transaction, 'get!' is settled already. */
function commands(text: string): DriverCommand[] {
  return text.split(' ').map((word) => {
    const name = word.replace(/[+!]$/, '');
    return {
      name,
      args: ['k', 'v'],
      promise: Promise.resolve(),
      inTransaction: word.endsWith('+'),
      isSettled: word.endsWith('!'),
      resolve: () => undefined,
      reject: () => undefined,
    };
  });
}

const cases: { says: string; inFlight: string; mood?: Partial<Mood>; verdicts: string }[] = [
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
  { says: 'no EXEC was sent', inFlight: 'multi set', verdicts: 'lost lost' },
  { says: 'it was discarded', inFlight: 'multi set discard get', verdicts: 'lost lost lost again' },
  {
    says: 'two in a row are two',
    inFlight: 'multi+ set+ exec multi+ incr+ exec',
    verdicts: 'again again again unknown unknown unknown',
  },
  {
    says: 'begun before, not ended',
    inFlight: 'get set',
    mood: { transaction: true },
    verdicts: 'lost lost',
  },
  {
    says: 'begun before, ended',
    inFlight: 'set exec get',
    mood: { transaction: true },
    verdicts: 'unknown unknown again',
  },
  {
    says: 'watched: nobody watches now',
    inFlight: 'multi+ set+ exec',
    mood: { watching: true },
    verdicts: 'unknown unknown unknown',
  },
];

describe('after the loss of a link', () => {
  it.each(cases)('$says: $inFlight', ({ inFlight, mood, verdicts }) => {
    expect(afterLoss(commands(inFlight), { ...CALM, ...mood }).join(' ')).toBe(verdicts);
  });
});
