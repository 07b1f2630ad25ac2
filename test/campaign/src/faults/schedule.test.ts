import { describe, expect, it } from 'vitest';
import { seededRandom } from '../plan.ts';
import type { CampaignFault } from './campaign-fault.ts';
import { CAMPAIGN_FAULTS } from './faults.ts';
import { BOUNDS, describeSchedule, downOf, drawPair, drawSchedule, mayOverlap, pairsOf } from './schedule.ts';
import type { Schedule } from './schedule.ts';

const LIBRARIES = ['pg', 'redis'] as const;
const SEEDS = Array.from({ length: 500 }, (_, seed) => seed + 1);

const of = (library: string): CampaignFault[] => CAMPAIGN_FAULTS.filter((fault) => fault.library === library);

/** The faults that are made and not healed after each step. */
function openAfterEach({ faults, steps }: Schedule): CampaignFault[][] {
  const open = new Set<CampaignFault>();
  return steps.map(({ move, fault }) => {
    const moved = fault === undefined ? undefined : faults[fault];
    if (moved && move === 'make') open.add(moved);
    if (moved && move === 'heal') open.delete(moved);
    return [...open];
  });
}

describe.each(LIBRARIES)('drawn schedules of %s', (library) => {
  const drawn = SEEDS.map((seed) => drawSchedule(of(library), seededRandom(seed)));

  it('are the same for the same seed, and others for others', () => {
    const again = SEEDS.map((seed) => drawSchedule(of(library), seededRandom(seed)));
    expect(again.map(describeSchedule)).toEqual(drawn.map(describeSchedule));
    expect(new Set(drawn.map(describeSchedule)).size).toBeGreaterThan(SEEDS.length * 0.9);
  });

  it('have two to five faults, each made once and healed, within their length', () => {
    for (const { faults, steps } of drawn) {
      expect(faults.length).toBeGreaterThanOrEqual(BOUNDS.minFaults);
      expect(faults.length).toBeLessThanOrEqual(BOUNDS.maxFaults);
      for (const index of faults.keys())
        expect(steps.filter(({ fault }) => fault === index).map(({ move }) => move)).toEqual([
          'make',
          'heal',
        ]);
      expect(steps.at(-1)?.at).toBeLessThanOrEqual(BOUNDS.maxMs);
      expect(steps.map(({ at }) => at)).toEqual(steps.map(({ at }) => at).toSorted((a, b) => a - b));
    }
  });

  it('never take more members away than leave a majority, and nothing from two sides', () => {
    for (const schedule of drawn) {
      for (const open of openAfterEach(schedule)) {
        expect(open.reduce((sum, fault) => sum + downOf(fault), 0)).toBeLessThanOrEqual(1);
        const touched = open.flatMap((fault) => fault.combines?.touches ?? []);
        expect(new Set(touched).size, describeSchedule(schedule)).toBe(touched.length);
      }
      expect(openAfterEach(schedule).at(-1)).toEqual([]);
    }
  });

  it('wait for the members that come back before they take another one', () => {
    const early = drawn.filter(({ faults, steps }) => {
      let returning = false;
      return steps.some(({ move, fault }) => {
        const takes = fault !== undefined && downOf(faults[fault] as CampaignFault) > 0;
        if (takes && move === 'make' && returning) return true;
        if (move === 'whole') returning = false;
        else if (takes && move === 'heal') returning = true;
        return false;
      });
    });
    expect(early.map(describeSchedule)).toEqual([]);
  });

  it('wait for a whole cluster only while nothing lasts that keeps it from becoming whole', () => {
    const aside = new Set<string>(['links', 'rest', 'clients']);
    const vain = drawn.filter((schedule) => {
      const open = openAfterEach(schedule);
      return schedule.steps.some(
        ({ move }, index) =>
          move === 'whole' &&
          open[index]?.some((fault) => fault.combines?.touches.some((part) => !aside.has(part))),
      );
    });
    expect(vain.map(describeSchedule)).toEqual([]);
  });

  it('overlap, and use every fault that may be combined', () => {
    const overlapping = drawn.filter((schedule) => openAfterEach(schedule).some((open) => open.length > 1));
    expect(overlapping.length).toBeGreaterThan(SEEDS.length / 2);
    const used = new Set(drawn.flatMap(({ faults }) => faults));
    expect(of(library).filter((fault) => fault.combines && !used.has(fault))).toEqual([]);
  });
});

describe('pairs', () => {
  const pairs = LIBRARIES.flatMap((library) => pairsOf(of(library)));

  it('are of one library, and of faults that can last at the same time', () => {
    expect(pairs.length).toBeGreaterThan(50);
    for (const [a, b] of pairs) expect(a.library === b.library && mayOverlap(a, b)).toBe(true);
  });

  it('last at the same time and are healed', () => {
    for (const [a, b] of pairs) {
      const open = openAfterEach(drawPair(a, b, seededRandom(a.aboutS)));
      expect(Math.max(...open.map(({ length }) => length)), `${a.name}+${b.name}`).toBe(2);
      expect(open.at(-1)).toEqual([]);
    }
  });
});
