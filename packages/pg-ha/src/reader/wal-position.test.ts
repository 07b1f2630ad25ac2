import { describe, expect, it } from 'vitest';
import { hasReached, type Place } from './chooser.ts';
import { endOfLog, formatToken, parseToken, readToken } from './wal-position.ts';

describe('a token', () => {
  it.each(['1-0', '3-16B3748', '4294967295-FFFFFFFFFFFFF'])('%s is what it was made of', (token) => {
    expect(formatToken(parseToken(token))).toBe(token);
  });

  it.each(['', '3', '3-', '-16B3748', '3-16b3748', '3/16B3748', '3-16B3748 ', `3-${'F'.repeat(14)}`, 7, {}])(
    '%j is refused, by a message that says what one looks like',
    (token) => {
      expect(() => parseToken(token)).toThrow(/^option after is .*; allowed: what pool.token\(\) gave/);
    },
  );

  it('names the end of the log where nothing has been written yet, not the place behind the next page’s header', () => {
    const page = 8_192 * 1_000;
    const ends = (lsn: number): number => endOfLog(lsn, lsn);
    expect(ends(page + 24)).toBe(page);
    expect([page, page + 32, page + 40, page + 100].map(ends)).toEqual([
      page,
      page + 32,
      page + 40,
      page + 100,
    ]);
    expect(endOfLog(page + 40, 40)).toBe(page);
    expect(readToken([{ timeline: '0000000A', lsn: '4096', in_file: '4096' }])).toBe('10-1000');
    expect(readToken([{ timeline: '00000001', lsn: `${0x2000028}`, in_file: '40' }])).toBe('1-2000000');
  });
});

describe('who holds what a token names', () => {
  // The second timeline began somewhere before 900, where its primary was first seen.
  const rows: [what: string, position: number | undefined, token: string, held: boolean][] = [
    ['a standby that has not got there', 999, '2-3E8', false],
    ['a standby that has', 1_000, '2-3E8', true],
    ['the primary', undefined, '2-3E8', true],
    ['of an ended timeline: a standby that has not seen its end', 899, '1-64', false],
    ['of an ended timeline: a standby beyond its end', 900, '1-64', true],
    ['of an ended timeline, lost or not: nobody holds more than the primary', undefined, '1-FFFF', true],
    [
      'of an ended timeline, perhaps lost: whoever is beyond its end holds what there is',
      950,
      '1-FFFF',
      true,
    ],
  ];
  it.each(rows)('%s: %s, %s', (_what, position, token, held) => {
    const place = position === undefined ? undefined : { position, timeline: 2 };
    expect(hasReached(place, parseToken(token), 2, { epoch: 2, begin: 900 })).toBe(held);
  });

  // Behind an address of several standbys one may have been left behind on a timeline that has ended.
  const timelines: [what: string, timeline: number | undefined, token: string, held: boolean][] = [
    ['a standby of the timeline before has got as far with what no longer counts', 1, '2-3E8', false],
    ['one that shows no timeline may be such a standby', undefined, '2-3E8', false],
    ['one on a newer timeline has come over the token’s', 3, '2-3E8', true],
    ['where no failover had ever happened', undefined, '1-3E8', true],
    ['where the timeline could not be asked', undefined, '0-3E8', true],
  ];
  it.each(timelines)('%s: %s, %s', (_what, timeline, token, held) => {
    const { timeline: epoch } = parseToken(token);
    const log = { epoch: epoch || undefined, begin: 900 };
    expect(hasReached({ position: 1_000, timeline }, parseToken(token), epoch || undefined, log)).toBe(held);
  });

  it('goes by the position alone where no timeline can be asked', () => {
    const log = { epoch: undefined, begin: Infinity };
    const at = (position: number): Place => ({ position, timeline: undefined });
    expect(hasReached(at(1_000), parseToken('0-3E8'), undefined, log)).toBe(true);
    expect(hasReached(at(999), parseToken('0-3E8'), undefined, log)).toBe(false);
  });

  it('is nobody but the primary where that has changed and has not been looked at yet', () => {
    const before = { epoch: 1, begin: 100 };
    expect(hasReached({ position: 950, timeline: 2 }, parseToken('1-3E8'), 2, before)).toBe(false);
    expect(hasReached(undefined, parseToken('1-3E8'), 2, before)).toBe(true);
  });
});
