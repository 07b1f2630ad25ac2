import { describe, expect, it } from 'vitest';
import { REAL_PARTS } from '../client/parts.ts';
import { runSchedule } from '../run-schedule.ts';
import { scheduleOf } from '../schedule/schedule.ts';
import { MUTANTS } from './mutants.ts';

/** Some are noticed only after a thousand schedules, ms. */
const PATIENCE_MS = 60_000;
/** A mutant that is not noticed in so many schedules is not noticed. */
const SCHEDULES = 2_000;

describe('the checks of the simulation notice a client that', () => {
  it.each(MUTANTS.map((mutant) => [mutant.breaks, mutant] as const))(
    '%s',
    { timeout: PATIENCE_MS },
    async (_, { parts, caughtBy }) => {
      const noticed = new Set<string>();
      for (let seed = 1; seed <= SCHEDULES && !caughtBy.some((rule) => noticed.has(rule)); seed++) {
        const { violation } = await runSchedule(scheduleOf(seed), { ...REAL_PARTS, ...parts });
        if (violation) noticed.add(violation.rule);
      }
      expect(caughtBy.filter((rule) => noticed.has(rule))).not.toEqual([]);
    },
  );
});
