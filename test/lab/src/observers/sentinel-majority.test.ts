import { describe, expect, it } from 'vitest';
import { majorityView, type SentinelVote } from './sentinel-majority.ts';

const A = (configEpoch: number): SentinelVote => ({ host: '10.0.0.1', port: 6379, configEpoch });
const B = (configEpoch: number): SentinelVote => ({ host: '10.0.0.2', port: 6379, configEpoch });

describe('the majority of the sentinels', () => {
  const cases: [string, (SentinelVote | undefined)[], object | undefined][] = [
    ['is what all of three say', [A(1), A(1), A(1)], { ...A(1), votes: 3 }],
    ['is what two of three say, whatever the third has', [A(1), B(2), B(2)], { ...B(2), votes: 2 }],
    ['counts silent sentinels: one of three is none', [undefined, undefined, A(1)], undefined],
    ['is missing where two of four say one thing', [A(1), A(1), B(2), B(2)], undefined],
    ['has the highest epoch said of that member', [A(3), A(4), undefined], { ...A(4), votes: 2 }],
    ['is missing without sentinels', [], undefined],
  ];
  it.each(cases)('%s', (_, votes, expected) => {
    expect(majorityView(votes)).toEqual(expected);
  });
});
