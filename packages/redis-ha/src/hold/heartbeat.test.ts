import { describe, expect, it } from 'vitest';
import { beat, UNPROVEN, type Beat, type Heartbeat } from './heartbeat.ts';

const LIMIT_MS = 100;
const confirmed: Heartbeat = { at: 'confirmed', since: 1_000 };
const missing: Heartbeat = { at: 'missing', since: 1_000 };
const none = (answeredAt: number): Beat => ({ askedAt: answeredAt - 50, answeredAt, replicas: 0 });
const one = (askedAt: number): Beat => ({ askedAt, answeredAt: askedAt + 1, replicas: 1 });

const cases: { says: string; from: Heartbeat; beat: Beat; to: Heartbeat }[] = [
  { says: 'a first confirmation arms it', from: UNPROVEN, beat: one(1_000), to: confirmed },
  { says: 'a master without replicas proves nothing', from: UNPROVEN, beat: none(9_000), to: UNPROVEN },
  {
    says: 'a confirmation counts from when it was asked for',
    from: confirmed,
    beat: one(2_000),
    to: { at: 'confirmed', since: 2_000 },
  },
  { says: 'one silence is not the limit yet', from: confirmed, beat: none(1_099), to: confirmed },
  { says: 'at the limit they are missing', from: confirmed, beat: none(1_100), to: missing },
  { says: 'they stay missing', from: missing, beat: none(5_000), to: missing },
  {
    says: 'any confirmation ends it',
    from: missing,
    beat: one(5_000),
    to: { at: 'confirmed', since: 5_000 },
  },
];

describe('the heartbeat of the replicas', () => {
  it.each(cases)('$says', ({ from, beat: answer, to }) => {
    expect(beat(from, answer, LIMIT_MS)).toEqual(to);
  });
});
