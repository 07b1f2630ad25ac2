import { describe, expect, it } from 'vitest';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';
import { OPEN, transition, type Hold, type HoldInput } from './hold.ts';

const B = { host: 'b', port: 1 };
const selected: SentinelEvent = { is: 'selected', replica: B, step: '+selected-slave' };
const event = (one: SentinelEvent, primary = 'a:1', by = 's1'): HoldInput => ({
  by,
  is: 'event',
  event: one,
  now: 100,
  primary,
});
const HOLDING: Hold = { at: 'holding', since: 100, by: 's1', replica: B, untilAtMost: 1_100 };

const cases: { says: string; from: Hold; input: HoldInput; to: Hold }[] = [
  { says: 'a chosen replica begins it', from: OPEN, input: event(selected), to: HOLDING },
  {
    says: 'the second announcement changes nothing',
    from: HOLDING,
    input: event({ ...selected, step: 'x' }),
    to: HOLDING,
  },
  {
    says: 'that of another leader begins its time anew',
    from: { ...HOLDING, since: 0, untilAtMost: 1_000 },
    input: event({ ...selected, replica: { host: 'c', port: 1 } }, 'a:1', 's2'),
    to: { ...HOLDING, since: 0, by: 's2', replica: { host: 'c', port: 1 } },
  },
  { says: 'an announcement about the past is none', from: OPEN, input: event(selected, 'b:1'), to: OPEN },
  {
    says: 'an abort ends it',
    from: HOLDING,
    input: event({ is: 'aborted', step: '-failover-abort-x' }),
    to: OPEN,
  },
  {
    says: 'an abort of another sentinel, which was not elected, does not',
    from: HOLDING,
    input: event({ is: 'aborted', step: '-failover-abort-not-elected' }, 'a:1', 's2'),
    to: HOLDING,
  },
  {
    says: 'the announced switch does not: it is not followed yet',
    from: HOLDING,
    input: event({ is: 'switched', to: B, step: '+switch-master' }),
    to: HOLDING,
  },
  { says: 'other news does not', from: HOLDING, input: event({ is: 'other', step: '+sdown' }), to: HOLDING },
  { says: 'the new primary ends it', from: HOLDING, input: { is: 'left' }, to: OPEN },
  { says: 'it lasts', from: HOLDING, input: { is: 'late', now: 1_099 }, to: HOLDING },
  { says: 'but not for ever', from: HOLDING, input: { is: 'late', now: 1_100 }, to: OPEN },
];

describe('the hold', () => {
  it.each(cases)('$says', ({ from, input, to }) => {
    expect(transition(from, input, 1_000)).toEqual(to);
  });
});
