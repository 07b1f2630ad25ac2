import { describe, expect, it } from 'vitest';
import { CLIENTS } from './clients/registry.ts';
import { CAMPAIGN_FAULTS } from './faults/faults.ts';
import { isPicked, keyOfStep, planOf, seededRandom } from './plan.ts';
import { SETTINGS } from './settings.ts';

const plan = (only: string[], seed = 1, alone = false) =>
  planOf({
    settings: SETTINGS,
    faults: CAMPAIGN_FAULTS,
    clients: CLIENTS,
    alone,
    only,
    repeat: () => 2,
    random: seededRandom(seed),
  }).map(keyOfStep);

describe('the plan', () => {
  it('has every fault of a library under each of its settings, all once before any comes again', () => {
    const steps = plan(['sync-on']);
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps.slice(0, steps.length / 2).every((step) => step.endsWith('/1'))).toBe(true);
    expect(steps).toContain('sync-on/switchover/2');
    expect(plan([])).toContain('down-after-5000/redis-crash/1');
    expect(plan([])).not.toContain('down-after-5000/switchover/1');
  });

  it('has each client of the library in runs of its own where they are to be alone', () => {
    const steps = plan(['sync-on/crash'], 1, true);
    const ofLibrary = CLIENTS.filter(({ library }) => library === 'pg');
    expect(new Set(steps).size).toBe(2 * ofLibrary.length);
    expect(steps).toContain('sync-on/crash/2/pg-ha-patroni');
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
