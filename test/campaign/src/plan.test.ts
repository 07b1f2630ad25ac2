import { describe, expect, it } from 'vitest';
import { CAMPAIGN_FAULTS } from './faults/faults.ts';
import { isPicked, keyOf, planOf, seededRandom } from './plan.ts';
import { SETTINGS } from './settings.ts';

const plan = (only: string[], seed = 1) =>
  planOf({
    settings: SETTINGS,
    faults: CAMPAIGN_FAULTS,
    only,
    repeat: () => 2,
    random: seededRandom(seed),
  }).map(({ setting, fault, repetition }) => keyOf({ setting: setting.name, fault: fault.name, repetition }));

describe('the plan', () => {
  it('has every fault of a library under each of its settings, all once before any comes again', () => {
    const steps = plan(['sync-on']);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.slice(0, steps.length / 2).every((step) => step.endsWith('/1'))).toBe(true);
    expect(steps).toContain('sync-on/switchover/2');
    expect(plan([])).toContain('down-after-5000/redis-crash/1');
    expect(plan([])).not.toContain('down-after-5000/switchover/1');
  });

  it('is the same for the same seed, and another for another', () => {
    expect(plan([], 7)).toEqual(plan([], 7));
    expect(plan([], 7)).not.toEqual(plan([], 8));
    expect(plan([], 7).toSorted()).toEqual(plan([], 8).toSorted());
  });
});

it.each([
  ['sync-on/crash', ['crash'], true],
  ['down-after-1000/redis-crash', ['crash'], false],
  ['down-after-1000/redis-crash', ['*crash'], true],
  ['sync-on/crash', ['sync-on/*'], true],
  ['sync-on/crash', ['sync-off', 'freeze'], false],
  ['sync-on/crash', [], true],
])('%s is picked by %j: %s', (name, patterns, expected) => {
  expect(isPicked(name, patterns)).toBe(expected);
});
