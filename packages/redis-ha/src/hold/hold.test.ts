import { describe, expect, it } from 'vitest';
import { parseSentinelEvent } from '../discovery/sentinel-event.ts';
import { OPEN, transition, type Hold, type HoldInput } from './hold.ts';

const MAX_MS = 5_000;
type Step = string | HoldInput;

/** `ms sentinel channel`, as one publishes it of the master a, or of its replica b. */
function read(line: string, primary: string): HoldInput {
  const [ms, by = '', step = ''] = line.split(' ');
  const slave = /selected|slaveof|promoted/.test(step);
  const switched = step === '+switch-master';
  const master = step.endsWith('@b') ? '10.0.0.2' : '10.0.0.1';
  const about = slave
    ? 'slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379'
    : `master mymaster ${master} 6379`;
  const message = switched ? 'mymaster 10.0.0.1 6379 10.0.0.2 6379' : about;
  const event = parseSentinelEvent(step.replace('@b', ''), message, 'mymaster');
  if (!event) throw new Error(`not understood: ${line}`);
  return { is: 'event', event, by, now: Number(ms), primary, sentinels: 3 };
}

function run(steps: readonly Step[], primary = '10.0.0.1:6379'): Hold {
  return steps.reduce<Hold>(
    (hold, step) => transition(hold, typeof step === 'string' ? read(step, primary) : step, MAX_MS),
    OPEN,
  );
}

function said(hold: Hold): string {
  return hold.at === 'open' ? 'open' : `${hold.at} from ${hold.since} to ${hold.untilAtMost}`;
}

const late = (now: number): HoldInput => ({ is: 'late', now });
const LEFT: HoldInput = { is: 'left' };

// As recorded from three sentinels of Redis 7.0.15.
const PLANNED = [
  '8 s1 +try-failover',
  '34 s1 +elected-leader',
  '118 s1 +selected-slave',
  '119 s1 +failover-state-send-slaveof-noone',
];
const SWITCH = ['1087 s1 +promoted-slave', '1151 s2 +switch-master', '1151 s3 +switch-master'];
const MISSED = ['1099 s1 +sdown', '1100 s2 +sdown'];
const CRASH = [
  ...[...MISSED, '1101 s3 +sdown', '1179 s1 +odown', '1179 s1 +try-failover'],
  ...['1242 s1 +elected-leader', '1318 s1 +selected-slave', '1318 s1 +failover-state-send-slaveof-noone'],
];

const cases: { says: string; steps: readonly Step[]; is: string; primary?: string }[] = [
  { says: 'nothing before a replica is chosen', steps: PLANNED.slice(0, 2), is: 'open' },
  { says: 'a planned failover holds from the choice on', steps: PLANNED, is: 'holding from 118 to 5118' },
  { says: 'an announcement about the past is none', steps: PLANNED, primary: '10.0.0.2:6379', is: 'open' },
  {
    says: 'the announced switch does not end it: it is not followed yet',
    steps: [...PLANNED, ...SWITCH],
    is: 'holding from 118 to 5118',
  },
  { says: 'the new primary ends it', steps: [...PLANNED, ...SWITCH, LEFT], is: 'open' },
  { says: 'an abort ends it', steps: [...PLANNED, '200 s1 -failover-abort-slave-timeout'], is: 'open' },
  {
    says: 'an abort of another sentinel, which was not elected, does not',
    steps: [...PLANNED, '200 s2 -failover-abort-not-elected'],
    is: 'holding from 118 to 5118',
  },
  {
    says: 'the choice of another leader begins its time anew',
    steps: [...PLANNED, '900 s2 +selected-slave'],
    is: 'holding from 118 to 5900',
  },
  { says: 'it lasts', steps: [...PLANNED, late(5_117)], is: 'holding from 118 to 5118' },
  { says: 'but not for ever', steps: [...PLANNED, late(5_118)], is: 'open' },

  { says: 'one of three that misses the master holds nothing', steps: MISSED.slice(0, 1), is: 'open' },
  {
    says: 'nor does it by saying so again',
    steps: ['1 s1 +sdown', '2 s1 +sdown', '3 s1 -sdown', '4 s1 +sdown'],
    is: 'open',
  },
  {
    says: 'most of them do, for a short while',
    steps: MISSED,
    is: 'suspecting from 1100 to 2100',
  },
  {
    says: 'one that says the others agree does, whatever was heard of them',
    steps: ['1179 s1 +odown'],
    is: 'suspecting from 1179 to 2179',
  },
  { says: 'the choice makes it last', steps: CRASH, is: 'holding from 1318 to 6318' },
  { says: 'and the new primary ends it', steps: [...CRASH, LEFT], is: 'open' },
  { says: 'it ends where no choice follows', steps: [...MISSED, late(2_100)], is: 'open' },
  {
    says: 'and does not come again while anybody misses the master',
    steps: [...MISSED, late(2_100), '2200 s3 +sdown', '2300 s1 +odown', '2400 s2 -sdown', '2500 s2 +sdown'],
    is: 'open',
  },
  {
    says: 'a choice holds then too',
    steps: [...MISSED, late(2_100), '3000 s1 +selected-slave'],
    is: 'holding from 3000 to 8000',
  },
  { says: 'a master that is found again ends it', steps: [...MISSED, '1200 s2 -sdown'], is: 'open' },
  { says: 'so does an agreement that is over', steps: ['1 s1 +odown', '2 s1 -odown'], is: 'open' },
  {
    says: 'once all have found it, the next outage counts anew',
    steps: [...MISSED, '1200 s1 -sdown', '1201 s2 -sdown', '9000 s2 +sdown', '9100 s3 +sdown'],
    is: 'suspecting from 9100 to 10100',
  },
  {
    says: 'a failover without a replica to choose ends it',
    steps: [...MISSED, '1300 s1 -failover-abort-no-good-slave'],
    is: 'open',
  },
  {
    says: 'one who was not elected does not',
    steps: [...MISSED, '1300 s2 -failover-abort-not-elected'],
    is: 'suspecting from 1100 to 2100',
  },
  {
    says: 'news of a master that is not followed does not count',
    steps: ['1 s1 +sdown@b', '2 s2 +sdown@b', '3 s1 +odown@b'],
    is: 'open',
  },
];

describe('the hold', () => {
  it.each(cases)('$says', ({ steps, is, primary }) => {
    expect(said(run(steps, primary))).toBe(is);
  });

  it('is the same object where nothing changes', () => {
    const held = run(CRASH);
    for (const again of CRASH) expect(transition(held, read(again, '10.0.0.1:6379'), MAX_MS)).toBe(held);
    expect(transition(OPEN, LEFT, MAX_MS)).toBe(OPEN);
  });

  it('never suspects for longer than it would hold', () => {
    const [first, second] = MISSED.map((line) => read(line, '10.0.0.1:6379'));
    if (!first || !second) throw new Error('two sentinels miss it');
    const hold = transition(transition(OPEN, first, 300), second, 300);
    expect(said(hold)).toBe('suspecting from 1100 to 1400');
  });
});
