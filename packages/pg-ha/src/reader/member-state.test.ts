import { HaError, seededRandom } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { answered, failed, follows, type MemberState } from './member-state.ts';
import type { Standing } from './standing.ts';

const unasked: MemberState = { at: 'unasked' };

/** @param about by default it receives from somebody, and may not say which timeline */
function standby(position: number, received: number, about: Partial<Standing> = {}): Standing {
  return {
    role: 'replica',
    position,
    received,
    receives: true,
    receivedTimeline: undefined,
    replayedTimeline: 1,
    timeline: undefined,
    systemId: 's',
    readOnly: false,
    ...about,
  };
}

/** The state after these answers, each [standing, the cluster's epoch at the time]. */
function after(...answers: [Standing, number | undefined][]): MemberState {
  return answers.reduce((state, [standing, epoch]) => answered(state, standing, epoch), unasked);
}

const NEW: Partial<Standing> = { receivedTimeline: 2 };
const OLD: Partial<Standing> = { receivedTimeline: 1 };
const ALONE: Partial<Standing> = { receives: false };

describe('whether a standby follows the primary', () => {
  const rows: [what: string, state: MemberState, epoch: number | undefined, follows: boolean][] = [
    ['nobody has asked it', unasked, 1, false],
    ['no failover has ever happened', after([standby(10, 10), 1]), 1, true],
    ['no primary has been seen', after([standby(10, 10), undefined]), undefined, true],
    ['it receives the new timeline', after([standby(10, 10, NEW), 2]), 2, true],
    ['it has replayed a checkpoint of it', after([standby(10, 10, { replayedTimeline: 2 }), 2]), 2, true],
    ['its last word is of before the change', after([standby(10, 10, NEW), 1]), 2, false],
    ['it stands where the old primary left it', after([standby(10, 10), 2]), 2, false],
    ['it replays what the old primary left it', after([standby(10, 90), 2], [standby(90, 90), 2]), 2, false],
    ['it has replayed more than that', after([standby(10, 90), 2], [standby(91, 95), 2]), 2, true],
    [
      'it has replayed more, and the old primary, which lives on, sends it that',
      after([standby(10, 90, OLD), 2], [standby(91, 95, OLD), 2]),
      2,
      false,
    ],
    [
      'it has started, and replays what it has itself: as the old primary, perhaps',
      after([standby(10, 10, ALONE), 2], [standby(50, 50, ALONE), 2]),
      2,
      false,
    ],
    [
      'it has replayed what it had itself, and now receives',
      after([standby(10, 10, ALONE), 2], [standby(50, 50), 2]),
      2,
      false,
    ],
    [
      'it has replayed more than it had when it began to receive',
      after([standby(10, 10, ALONE), 2], [standby(50, 50), 2], [standby(51, 51), 2]),
      2,
      true,
    ],
    [
      'it had replayed more, and there was another change',
      after([standby(10, 90), 2], [standby(91, 95), 2], [standby(91, 95), 3]),
      3,
      false,
    ],
  ];
  it.each(rows)('%s', (_what, state, epoch, expected) => {
    expect(follows(state, epoch, () => [])).toBe(expected);
  });

  const grown = after([standby(10, 90), 2], [standby(91, 95), 2]);
  const primary: Partial<Standing> = { role: 'primary', timeline: 1 };
  const upstreams: [what: string, other: MemberState, follows: boolean][] = [
    ['the old primary lives on, and may have sent it that', after([standby(91, 91, primary), 2]), false],
    ['a server was primary when it was last heard of', after([standby(91, 91, primary), 1]), false],
    ['another standby has more of the old timeline to send', after([standby(95, 120, ALONE), 2]), false],
    ['another standby had more, as far as is known', after([standby(95, 120), 1]), false],
    ['another standby had no more than what it has replayed since', after([standby(80, 90), 2]), true],
    [
      'another standby had no more, and is sent more itself',
      after([standby(80, 90), 2], [standby(91, 120), 2]),
      true,
    ],
    ['another standby has more, of the new timeline', after([standby(91, 120, NEW), 2]), true],
    [
      'another server answers nobody',
      failed(unasked, new HaError('HA_DIAL_FAILED', 'gone', { outcome: 'notSent' }), 0, seededRandom(1)),
      true,
    ],
  ];
  it.each(upstreams)('more than it had has been replayed, and %s', (_what, other, expected) => {
    expect(follows(grown, 2, () => [other])).toBe(expected);
  });

  it('needs nobody else’s word where it says what it is sent', () => {
    const old = after([standby(200, 200, { role: 'primary', timeline: 1 }), 2]);
    expect(follows(after([standby(10, 10, NEW), 2]), 2, () => [old])).toBe(true);
  });
});

describe('a member that fails', () => {
  const error = new HaError('HA_DIAL_FAILED', 'refused', { outcome: 'notSent' });

  it('is left alone for longer each time, and never for long', () => {
    const random = seededRandom(5);
    let state: MemberState = after([standby(1, 1), 1]);
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      state = failed(state, error, 1_000, random);
      if (state.at === 'ejected') pauses.push(state.until - 1_000);
    }
    expect(pauses[0]).toBeLessThanOrEqual(320);
    expect(pauses[0]).toBeGreaterThanOrEqual(180);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(6_250);
    expect(pauses.at(-1)).toBeGreaterThan(3_500);
  });

  it('is as good as new once it has answered', () => {
    const ejected = failed(unasked, error, 0, seededRandom(1));
    expect(answered(ejected, standby(5, 5), 1)).toMatchObject({ at: 'answering', firstReceived: 5 });
  });
});
