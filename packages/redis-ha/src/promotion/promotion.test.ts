import { endpointKey } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { parseSentinelEvent } from '../discovery/sentinel-event.ts';
import {
  advance,
  isWithdrawn,
  NOTHING_HEARD,
  type Course,
  type Known,
  type PromotionInput,
} from './promotion.ts';

const [OLD, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((host) => ({ host, port: 6379 })) as [
  { host: string; port: number },
  { host: string; port: number },
  { host: string; port: number },
];
const KNOWN: Known = { now: 0, epoch: 4, primary: endpointKey(OLD), sentinels: 3 };

/** `sentinel channel message`, where the message is shortened: `master` and `slave B` are written out as Sentinel does. */
type Step = string | PromotionInput;

function read(line: string): PromotionInput {
  const [by = '', step = '', ...rest] = line.split(' ');
  const master = `master mymaster ${OLD.host} 6379`;
  const slave = ({ host }: typeof B): string => `slave ${host}:6379 ${host} 6379 @ mymaster ${OLD.host} 6379`;
  const message = rest
    .join(' ')
    .replace(/^master$/, master)
    .replace(/^other$/, 'master other 10.9.0.1 6379')
    .replace(/^to B$/, `mymaster ${OLD.host} 6379 ${B.host} 6379`)
    .replace(/^B$/, slave(B))
    .replace(/^C$/, slave(C));
  const event = parseSentinelEvent(step, message, 'mymaster');
  return event ? { is: 'event', by, event } : { is: 'named', epoch: -1 };
}

function run(steps: readonly Step[], from: Course = NOTHING_HEARD, known: Known = KNOWN): Course {
  return steps.reduce(
    (course, step) => advance(course, typeof step === 'string' ? read(step) : step, known),
    from,
  );
}

function said({ promotion }: Course): string {
  if (promotion.at === 'none') return promotion.because;
  return `${promotion.at} ${promotion.replica.host} by ${promotion.leader} in ${promotion.epoch}`;
}

// As recorded from three sentinels of Redis 7.0.15.
const PLANNED = [
  'a +new-epoch 5',
  'a +try-failover master',
  'a +vote-for-leader a 5',
  'a +elected-leader master',
  'a +failover-state-select-slave master',
  'a +selected-slave B',
  'a +failover-state-send-slaveof-noone B',
];
const CRASH = [
  ...['a +sdown master', 'b +sdown master', 'c +sdown master', 'a +odown master', 'a +new-epoch 5'],
  ...['a +try-failover master', 'a +vote-for-leader a 5', 'b +new-epoch 5', 'b +vote-for-leader a 5'],
  ...['c +new-epoch 5', 'c +vote-for-leader a 5', 'a +elected-leader master', 'a +selected-slave B'],
];
const promoted: PromotionInput = { is: 'promoted', endpoint: B };
const FOLLOWED = [...PLANNED, promoted];
/** A second leader, elected after the first has died, that chooses the other replica. */
const SECOND = [
  ...['b +sdown master', 'b +new-epoch 6', 'b +vote-for-leader b 6', 'c +new-epoch 6'],
  ...['c +vote-for-leader b 6', 'b +elected-leader master', 'b +selected-slave C'],
];

const cases: { says: string; steps: readonly Step[]; is: string; known?: Partial<Known> }[] = [
  {
    says: 'an operator’s failover, as its leader announces it',
    steps: PLANNED,
    is: 'announced 10.0.0.2 by a in 5',
  },
  { says: 'a crash, with its votes', steps: CRASH, is: 'announced 10.0.0.2 by a in 5' },
  { says: 'nothing before the replica is named', steps: PLANNED.slice(0, -2), is: 'nothing' },
  {
    says: 'nothing before the leader is elected',
    steps: PLANNED.filter((line) => !line.includes('elected')),
    is: 'nothing',
  },
  {
    says: 'nothing without an epoch',
    steps: PLANNED.filter((line) => !/epoch|vote/.test(line)),
    is: 'nothing',
  },
  {
    says: 'one vote of three is not enough where the leader misses the master',
    steps: CRASH.filter((line) => !/^[bc] \+vote/.test(line)),
    is: 'nothing',
  },
  {
    says: 'votes that are heard after the choice complete it',
    steps: [...CRASH.filter((line) => !/^[bc] \+vote/.test(line)), 'b +vote-for-leader a 5'],
    is: 'announced 10.0.0.2 by a in 5',
  },
  {
    says: 'votes of another epoch count nothing',
    steps: [...CRASH.filter((line) => !/^[bc] \+(vote|new)/.test(line)), 'b +vote-for-leader a 3'],
    is: 'nothing',
  },
  {
    says: 'an epoch that is not above the one followed is over',
    steps: PLANNED,
    known: { epoch: 5 },
    is: 'nothing',
  },
  {
    says: 'a replica that is the primary already is about the past',
    steps: PLANNED,
    known: { primary: endpointKey(B) },
    is: 'nothing',
  },
  {
    says: 'another group’s failover touches nothing',
    steps: [
      'a +new-epoch 5',
      'a +vote-for-leader a 5',
      'a +elected-leader other',
      `a +selected-slave ${'slave 10.9.0.2:6379 10.9.0.2 6379 @ other 10.9.0.1 6379'}`,
    ],
    is: 'nothing',
  },
  {
    says: 'its abort ends the wait',
    steps: [...PLANNED, 'a -failover-abort-slave-timeout master'],
    is: 'aborted',
  },
  {
    says: 'the abort of one that was not elected does not',
    steps: [...PLANNED, 'b -failover-abort-not-elected master'],
    is: 'announced 10.0.0.2 by a in 5',
  },
  {
    says: 'what another replica says does not',
    steps: [...PLANNED, { is: 'promoted', endpoint: C }],
    is: 'announced 10.0.0.2 by a in 5',
  },
  { says: 'the replica’s own word is followed', steps: FOLLOWED, is: 'followed 10.0.0.2 by a in 5' },
  { says: 'the announced end confirms it', steps: [...FOLLOWED, 'b +switch-master to B'], is: 'confirmed' },
  {
    says: 'the recorded epoch confirms it',
    steps: [...FOLLOWED, { is: 'named', epoch: 5 }],
    is: 'confirmed',
  },
  {
    says: 'the epoch before does not',
    steps: [...FOLLOWED, { is: 'named', epoch: 4 }],
    is: 'followed 10.0.0.2 by a in 5',
  },
  {
    says: 'an abort leads back',
    steps: [...FOLLOWED, 'a -failover-abort-slave-timeout master'],
    is: 'aborted',
  },
  {
    says: 'the replica’s own word leads back',
    steps: [...FOLLOWED, { is: 'demoted', endpoint: B, at: 1 }],
    is: 'demoted',
  },
  {
    says: 'what the replica was before does not',
    steps: [...FOLLOWED, { is: 'demoted', endpoint: B, at: 0 }],
    is: 'followed 10.0.0.2 by a in 5',
  },
  {
    says: 'another leader’s choice leads elsewhere',
    steps: [...FOLLOWED, ...SECOND],
    is: 'announced 10.0.0.3 by b in 6',
  },
  {
    says: 'another leader’s failover of a lower epoch does not',
    steps: [...FOLLOWED, ...SECOND.map((line) => line.replace(/ 6$/, ' 4'))],
    is: 'followed 10.0.0.2 by a in 5',
  },
];

describe('a failover as it is announced', () => {
  it.each(cases)('$says', ({ steps, is, known }) => {
    expect(said(run(steps, NOTHING_HEARD, { ...KNOWN, ...known }))).toBe(is);
  });

  it('lasts ten seconds, and is late then', () => {
    const announced = run(PLANNED);
    expect(advance(announced, { is: 'late' }, { ...KNOWN, now: 9_999 })).toBe(announced);
    expect(said(advance(announced, { is: 'late' }, { ...KNOWN, now: 10_000 }))).toBe('late');
  });

  it('is withdrawn only where it was followed, and came to nothing', () => {
    const followed = run(FOLLOWED).promotion;
    expect(
      isWithdrawn(run(PLANNED).promotion, run([...PLANNED, 'a -failover-abort-x master']).promotion),
    ).toBe(false);
    expect(isWithdrawn(followed, run([...FOLLOWED, 'b +switch-master to B']).promotion)).toBe(false);
    expect(isWithdrawn(followed, run([...FOLLOWED, 'a -failover-abort-x master']).promotion)).toBe(true);
    expect(isWithdrawn(followed, run([...FOLLOWED, ...SECOND]).promotion)).toBe(true);
  });

  it('goes back to the epoch that the sentinels had recorded', () => {
    const { promotion } = run(FOLLOWED);
    expect(promotion).toMatchObject({ at: 'followed', back: 4 });
  });

  it('is left to what is on record, where its epoch is there before the replica answers', () => {
    expect(said(advance(run(PLANNED), promoted, { ...KNOWN, epoch: 5 }))).toBe('confirmed');
  });

  it('remembers a bounded number of publishers', () => {
    const course = run(Array.from({ length: 1_000 }, (_, n) => `s${n} +new-epoch 9`));
    expect(course.heard.size).toBe(32);
  });
});
