import { describe, expect, it } from 'vitest';
import { nextQuestion, type Asking, type NextQuestion } from './next-question.ts';

/** Of a member that has answered nothing for longer than the search lasts. */
const pace = {
  mayAsk: true,
  answering: false,
  opening: false,
  crowded: false,
  letInMs: undefined,
  sinceMs: 60,
  silentMs: 10_000,
  patienceMs: (leastMs: number): number => Math.max(leastMs, 120),
};

/** A question was let in so long ago, and hears nothing; the last was put `sinceMs` ago. */
const queued = (forMs: number, sinceMs = forMs): Asking['pace'] => ({ ...pace, letInMs: forMs, sinceMs });

const usual: Asking = {
  rule: 'self',
  steady: false,
  searchedMs: 5_000,
  first: false,
  company: 'due',
  ourWay: false,
  pace,
};
const searching = { searchedMs: 5_000 };
const longer = { atOnce: 1, leastMs: 10_000 };
const letInMs = 10_000;

const rows: [what: string, asking: Partial<Asking>, next: NextQuestion | undefined][] = [
  ['the first to a member', { first: true }, { atOnce: 1, letInMs }],
  ['the first to a member that is followed', { first: true, steady: true }, { atOnce: 1 }],
  ['one beside another while a primary is followed', { steady: true }, undefined],
  ['one beside another while it is only checked', { searchedMs: undefined }, undefined],
  ['the first to a member, while it is only checked', { first: true, searchedMs: undefined }, { atOnce: 1 }],
  ['one beside another to a member that is gone', searching, { atOnce: 2, patienceMs: 120, letInMs }],
  ['one so soon after the last', { pace: { ...pace, sinceMs: 49 } }, undefined],
  ['one so soon to a member that may be slow', { pace: { ...pace, silentMs: 499 } }, undefined],
  ['one so soon in the search', { searchedMs: 499 }, undefined],
  [
    'a late one to a member that may be slow',
    { pace: { ...pace, silentMs: 499, sinceMs: 100 } },
    { atOnce: 2, patienceMs: 120, letInMs },
  ],
  [
    'one to a member that is gone, when another is back',
    { company: 'now', pace: { ...pace, sinceMs: 20 } },
    { atOnce: 3, patienceMs: 120, letInMs },
  ],
  [
    'one that may be on its way yet, when another is back',
    { company: 'now', pace: { ...pace, sinceMs: 19 } },
    undefined,
  ],
  [
    'one to a member that may be slow, when another is back',
    { company: 'now', pace: { ...pace, silentMs: 499 } },
    undefined,
  ],
  ['one beside another that is being answered', { pace: { ...pace, answering: true } }, undefined],
  [
    'one beside another that is being answered, when a third is back',
    { company: 'now', pace: { ...pace, answering: true } },
    undefined,
  ],
  ['one beside another that has just got a connection', { pace: { ...pace, opening: true } }, undefined],
  [
    'one beside another that has just got a connection, when a third is back',
    { company: 'now', pace: { ...pace, opening: true } },
    undefined,
  ],
  ['the first to one that is crowded', { first: true, pace: { ...pace, crowded: true } }, longer],
  [
    'the first to one that is followed, and crowded',
    { first: true, steady: true, pace: { ...pace, crowded: true } },
    longer,
  ],
  ['one beside another to one that is crowded', { pace: { ...pace, crowded: true } }, undefined],
  [
    'one beside another to one that is crowded, when a third is back',
    { company: 'now', pace: { ...pace, crowded: true } },
    undefined,
  ],
  [
    'one beside another through a route that is crowded',
    { rule: 'route', pace: { ...pace, crowded: true } },
    { atOnce: 5, patienceMs: 150 },
  ],
  ['one beside another where a third has got company in this round', { company: 'none' }, undefined],
  [
    'the first to one where another has got company in this round',
    { first: true, company: 'none' },
    { atOnce: 1, letInMs },
  ],
  ['one behind another that stands in its queue', { pace: queued(999) }, undefined],
  [
    'the first behind another that has just come to stand there',
    { first: true, pace: queued(999) },
    undefined,
  ],
  [
    'the first behind another whose link may be cut',
    { first: true, pace: queued(1_000) },
    { atOnce: 1, letInMs },
  ],
  ['one beside another that may be cut', { pace: queued(1_000) }, undefined],
  [
    'the third, before the first has waited twice as long as at the second',
    { first: true, pace: queued(3_999, 1_999) },
    undefined,
  ],
  ['the third', { first: true, pace: queued(4_000, 2_000) }, { atOnce: 1, letInMs }],
  [
    'one beside another where every member stands so: it is our own way',
    { ourWay: true, pace: queued(1_000, 60) },
    { atOnce: 2, patienceMs: 120 },
  ],
  ['the first where every member stands so', { ourWay: true, first: true, pace: queued(999) }, { atOnce: 1 }],
  ['the first to whom sentinels name', { rule: 'nominated', first: true }, { atOnce: 1 }],
  ['one beside another to whom sentinels name', { rule: 'nominated' }, undefined],
  ['the first through a route', { rule: 'route', first: true }, { atOnce: 1 }],
  ['one beside another through a route', { rule: 'route' }, { atOnce: 5, patienceMs: 150 }],
  ['one that only checks, through a route', { rule: 'route', searchedMs: undefined }, { atOnce: 5 }],
  [
    'one through a route that is slow',
    { rule: 'route', first: true, pace: { ...pace, mayAsk: false } },
    undefined,
  ],
  ['the refresh through a route that is slow', { rule: 'route', steady: true, first: true }, { atOnce: 1 }],
];

describe('what to put to a member', () => {
  it.each(rows)('%s', (_what, asking, next) => {
    expect(nextQuestion({ ...usual, ...asking })).toEqual(next);
  });
});
