import { describe, expect, it } from 'vitest';
import { exampleResult } from '../example-result.ts';
import type { FailoverResult, TargetResult } from '../result.ts';
import { measuredOf } from './join.ts';

const [FAILOVER] = exampleResult().failovers as [FailoverResult];
const [TARGET] = exampleResult().targets as [TargetResult];
const crash = (target: string, clientWindowMs: number): FailoverResult => ({
  ...FAILOVER,
  target,
  client: 'pg-ha',
  fault: 'crash',
  clientWindowMs,
});
const target = (name: string, addedRoundTripMs?: number): TargetResult => {
  const { addedRoundTripMs: _, ...rest } = TARGET;
  return { ...rest, library: 'pg', name, ...(addedRoundTripMs !== undefined && { addedRoundTripMs }) };
};

function windowsOf(targets: TargetResult[], failovers: FailoverResult[]): (number | undefined)[] {
  const result = { ...exampleResult(), targets, failovers, measurements: [] };
  return measuredOf(result).map(({ failover }) => failover?.ms);
}

describe('a measured failover', () => {
  it('is of its own target, not of one whose name begins alike', () => {
    const targets = [target('db'), target('db-new')];
    expect(windowsOf(targets, [crash('db', 2_000), crash('db-new', 45_000)])).toEqual([2_000, 45_000]);
    expect(windowsOf(targets, [crash('db', 2_000)])).toEqual([2_000, undefined]);
  });

  it('counts where the client never was back, and is longer than any other', () => {
    const never = { ...crash('db', 0), clientWindowMs: undefined, never: true };
    expect(windowsOf([target('db')], [never])).toEqual([Infinity]);
  });

  it('is of those too that differ by an added round trip alone', () => {
    const targets = [target('managed', 0), target('managed-2ms', 2)];
    expect(windowsOf(targets, [crash('managed', 3_000)])).toEqual([3_000, 3_000]);
  });
});
