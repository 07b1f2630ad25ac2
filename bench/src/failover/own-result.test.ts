import { CLIENTS, type ClientSpec } from '@steadfast/campaign';
import type { Call } from '@steadfast/check';
import { describe, expect, it } from 'vitest';
import type { FailoverResult } from '../result.ts';
import type { Target } from '../targets/target.ts';
import { ownResult } from './own-result.ts';

const SPEC = CLIENTS.find(({ name }) => name === 'pg-ha/managed') as ClientSpec;
const TARGET: Target = { name: 'new', library: 'pg', strategy: 'managed', env: {}, server: 'new' };

const ok = (at: number): Call => ({
  id: `${at}`,
  kind: 'insert',
  writer: 0,
  deadlineMs: undefined,
  began: (at - 2) * 1e6,
  end: { as: 'ok', at: at * 1e6, epoch: undefined },
});
const resultOf = (acks: number[], judged?: { lost: number; doubled: number }): FailoverResult =>
  ownResult(TARGET, SPEC, { calls: acks.map(ok), faultAt: 1_000, until: 9_000 }, judged);

describe('a failover on endpoints of our own', () => {
  it('costs from the last write before it to the first one after', () => {
    const result = resultOf([900, 3_900, 4_400, 4_900, 5_400, 6_000, 6_900, 7_900, 8_900], {
      lost: 1,
      doubled: 2,
    });
    expect(result).toMatchObject({ clientWindowMs: 3_000, lost: 1, doubled: 2 });
    expect(result).not.toHaveProperty('never');
    expect(result).not.toHaveProperty('uncounted');
  });

  it('is named after what the command is like, where that was said', () => {
    const run = { calls: [], faultAt: 0, until: 9_000 };
    const fault = (target: Target): string => ownResult(target, SPEC, run, undefined).fault;
    expect(fault(TARGET)).toBe('failover command');
    expect(fault({ ...TARGET, failoverIs: 'crash' })).toBe('crash by command');
    expect(fault({ ...TARGET, failoverIs: 'planned' })).toBe('planned by command');
  });

  it('is one that never ended where no primary is left, though nothing can be read back', () => {
    const result = resultOf([900]);
    expect(result).toMatchObject({ never: true, uncounted: true, lost: 0 });
    expect(result.timeline.at(-1)).toMatchObject({ what: 'waits', from: -100, to: 8_000 });
  });
});
