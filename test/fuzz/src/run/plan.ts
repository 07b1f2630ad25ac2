import { TARGETS } from '../targets/all.ts';

/** Inputs of a run, all targets together. */
const DEFAULT_RUNS = 250_000;

/** Which inputs: `FUZZ_SEED` gives the same ones again, `FUZZ_RUNS` more of them (or fewer). */
export interface Plan {
  readonly seed: number;
  readonly runs: number;
}

/** @throws Error naming the variable that is wrong */
export function readPlan(env: NodeJS.ProcessEnv): Plan {
  const seed = whole('FUZZ_SEED', env['FUZZ_SEED'], -2_147_483_648, 2_147_483_647);
  const runs = whole('FUZZ_RUNS', env['FUZZ_RUNS'], 1_000, 1_000_000_000);
  return { seed: seed ?? Math.floor(Math.random() * 2_147_483_647), runs: runs ?? DEFAULT_RUNS };
}

function whole(name: string, given: string | undefined, least: number, most: number): number | undefined {
  if (given === undefined || given === '') return undefined;
  const value = Number(given);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} is '${given}'; allowed: a whole number from ${least} to ${most}`);
}

/** How many inputs a target gets: at least one. */
export function runsOf(name: string, { runs }: Plan): number {
  const all = TARGETS.reduce((sum, { share }) => sum + share, 0);
  const share = TARGETS.find((target) => target.name === name)?.share ?? 0;
  return Math.ceil((runs * share) / all);
}
