import { HaError } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from './command.ts';
import { TransactionGuard } from './transaction-guard.ts';
import { isInside, isWatched } from './transaction-mark.ts';

const command = (name: string, pipelineIndex?: number): DriverCommand =>
  ({ name, pipelineIndex }) as DriverCommand;

/** What becomes of commands that come one after another: 'ok', or the code of the refusal. */
function fates(guard: TransactionGuard, names: string): string {
  const one = (name: string): string => {
    const refusal = guard.refusal(command(name));
    if (!refusal) guard.sent(command(name));
    return refusal?.code ?? 'ok';
  };
  return names.split(' ').map(one).join(' ');
}

const FULL = new HaError('HA_QUEUE_FULL', 'full', { outcome: 'notSent' });
const LOST = 'HA_TRANSACTION_LOST';
const cases: { says: string; before: string; after: string; fates: string }[] = [
  { says: 'nothing was open', before: 'get', after: 'set multi set exec', fates: 'ok ok ok ok' },
  { says: 'a transaction was open', before: 'multi set', after: 'set exec set', fates: `${LOST} ${LOST} ok` },
  { says: 'it is begun again', before: 'multi set', after: 'multi set exec', fates: 'ok ok ok' },
  { says: 'it was ended before', before: 'multi set exec', after: 'set', fates: 'ok' },
  {
    says: 'keys were watched',
    before: 'watch get',
    after: 'get multi set exec get',
    fates: `ok ${LOST} ${LOST} ${LOST} ok`,
  },
  { says: 'they are watched again', before: 'watch', after: 'watch multi exec', fates: 'ok ok ok' },
  { says: 'they are let go', before: 'watch', after: 'unwatch multi exec', fates: 'ok ok ok' },
  { says: 'watched inside of open', before: 'watch multi', after: 'exec', fates: LOST },
];

describe('when a connection ends', () => {
  it.each(cases)('and $says', ({ before, after, fates: expected }) => {
    const guard = new TransactionGuard(new ManualClock());
    fates(guard, before);
    guard.ended();
    expect(fates(guard, after)).toBe(expected);
  });

  it('a caller who never ends a lost transaction does not block the others for ever', async () => {
    const clock = new ManualClock();
    const guard = new TransactionGuard(clock);
    fates(guard, 'multi');
    guard.ended();
    expect(fates(guard, 'set')).toBe(LOST);
    await clock.advance(31_000);
    expect(fates(guard, 'set')).toBe('ok');
  });

  it('what was sent inside of a transaction is marked so, its end too', () => {
    const guard = new TransactionGuard(new ManualClock());
    const sent = ['get', 'multi', 'set', 'exec', 'get'].map((name) => command(name));
    for (const one of sent) guard.sent(one);
    expect(sent.map(isInside)).toEqual([false, false, true, true, false]);
  });

  it('an EXEC is marked where keys were watched, also from a pipeline', () => {
    const guard = new TransactionGuard(new ManualClock());
    const [first, second] = [command('exec', 2), command('exec', 2)];
    for (const one of [command('watch'), command('multi', 0), first, command('multi', 0), second])
      guard.sent(one);
    expect([first, second].map(isWatched)).toEqual([true, false]);
  });

  it('a pipeline is one write: its MULTI opens nothing', () => {
    const guard = new TransactionGuard(new ManualClock());
    guard.sent(command('multi', 0));
    expect(guard.open).toBe(false);
  });

  it('the rest of a pipeline whose MULTI was refused is refused for the same reason', async () => {
    const guard = new TransactionGuard(new ManualClock());
    guard.refuse(command('multi', 0), FULL);
    await Promise.resolve();
    expect(fates(guard, 'set exec set')).toBe('HA_QUEUE_FULL HA_QUEUE_FULL ok');
  });

  it('what is given with a refused MULTI in one go is refused, and nobody else', async () => {
    let calm = 0;
    const guard = new TransactionGuard(new ManualClock(), () => (calm += 1));
    guard.refuse(command('multi'), FULL);
    expect(fates(guard, 'set exec set')).toBe('HA_QUEUE_FULL HA_QUEUE_FULL ok');
    guard.refuse(command('multi'), FULL);
    await Promise.resolve();
    expect([fates(guard, 'set'), calm]).toEqual(['ok', 1]);
  });
});
