import { afterAll, describe, expect, it } from 'vitest';
import { Fuzzer } from './run/fuzzer.ts';
import { readPlan, runsOf } from './run/plan.ts';
import { TARGETS } from './targets/all.ts';

const plan = readPlan(process.env);
const fuzzer = new Fuzzer();
let tried = 0;

afterAll(async () => {
  await fuzzer.close();
  console.log(`fuzz: ${tried} inputs with FUZZ_SEED=${plan.seed}`);
});

describe(`whatever comes in (FUZZ_SEED=${plan.seed})`, () => {
  it.each(TARGETS.map(({ name }) => name))('%s: no crash, no hang, a clear answer', async (name) => {
    const verdict = await fuzzer.attempt({ name, seed: plan.seed, runs: runsOf(name, plan) });
    tried += verdict.tried;
    expect(verdict.broken).toBeUndefined();
    expect(verdict.tried).toBe(runsOf(name, plan));
  });

  it('was of as many kinds as were asked for', () => {
    expect(tried).toBeGreaterThanOrEqual(plan.runs);
  });
});
