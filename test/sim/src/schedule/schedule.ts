import { seededRandom, type Random } from '@steadfast/shared';
import type { CallKind } from '../client/call.ts';
import type { Settings } from '../client/app-process.ts';
import { FAULTS, type Fault, type FaultName } from './faults.ts';

export const STRATEGIES = ['patroni', 'hosts', 'haproxy', 'managed', 'sentinel'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export interface PlannedCall {
  readonly atMs: number;
  readonly pool: number;
  readonly kind: CallKind;
  readonly deadlineMs: number | undefined;
  readonly abortAfterMs: number | undefined;
}

/** All that a seed decides about a run. */
export interface Schedule {
  readonly seed: number;
  readonly strategy: StrategyName;
  readonly members: number;
  readonly synchronous: boolean;
  readonly ttlMs: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly settings: Settings;
  readonly faults: readonly Fault[];
  readonly calls: readonly PlannedCall[];
  /** by then every fault has ended */
  readonly healedMs: number;
}

const KINDS: readonly CallKind[] = ['read', 'write', 'write', 'idempotent', 'proof', 'proof', 'proof'];
const START_MS = 500;
const FAULTY_MS = 6_000;
const CALLS = 48;

export function scheduleOf(seed: number): Schedule {
  const random = seededRandom(seed * 7_919 + 17);
  const strategy = oneOf(random, STRATEGIES);
  const settings = settingsOf(random);
  const faults = faultsOf(random, strategy);
  return {
    seed,
    strategy,
    members: random.next() < 0.5 ? 2 : 3,
    synchronous: strategy !== 'sentinel' && random.next() < 0.6,
    ttlMs: between(random, 800, 2_500),
    latencyMs: between(random, 0.2, 3),
    jitterMs: between(random, 0.1, 4),
    settings,
    faults,
    calls: callsOf(random, settings, faults),
    healedMs: Math.max(START_MS, ...faults.map(({ atMs, lastsMs }) => atMs + lastsMs)),
  };
}

function settingsOf(random: Random): Settings {
  const searchMinMs = oneOf(random, [10, 25, 25, 50]);
  return {
    refreshMs: oneOf(random, [1_000, 2_000, 5_000]),
    searchMinMs,
    searchMaxMs: Math.max(searchMinMs, 100),
    probeTimeoutMs: oneOf(random, [200, 500, 1_000]),
    dialTimeoutMs: oneOf(random, [500, 2_000, 5_000]),
    silenceMs: oneOf(random, [200, 1_000]),
    failoverWaitMs: oneOf(random, [1_000, 4_000, 30_000]),
    maxWaiting: oneOf(random, [2, 6, 1_000]),
    poolMax: oneOf(random, [1, 3, 6]),
    dialConcurrency: oneOf(random, [1, 2, 3]),
    pools: random.next() < 0.7 ? 1 : 2,
  };
}

function faultsOf(random: Random, strategy: StrategyName): Fault[] {
  const count = 1 + Math.floor(random.next() * 4);
  return Array.from({ length: count }, () => ({
    name: faultName(random, strategy),
    // Some are there before the first call.
    atMs: random.next() < 0.1 ? 100 * random.next() : START_MS + FAULTY_MS * random.next() ** 1.5,
    lastsMs: between(random, 50, random.next() < 0.2 ? 10_000 : 4_000),
  }));
}

/** Usurpers are rare: while there is one, little can be promised. */
function faultName(random: Random, strategy: StrategyName): FaultName {
  const name = oneOf(random, FAULTS);
  if (!name.startsWith('usurper')) return name;
  return strategy !== 'sentinel' && random.next() < 0.4 ? name : 'switchover';
}

/** Half of them around the beginning or the end of a fault, the others anywhere. */
function callsOf(random: Random, { pools }: Settings, faults: readonly Fault[]): PlannedCall[] {
  const moments = faults.flatMap(({ atMs, lastsMs }) => [atMs, atMs, atMs + lastsMs]);
  const anywhere = (): number => 100 + (START_MS + FAULTY_MS) * random.next();
  const near = (): number => Math.max(10, oneOf(random, moments) + between(random, -60, 400));
  return Array.from({ length: CALLS }, () => ({
    atMs: random.next() < 0.5 ? near() : anywhere(),
    pool: Math.floor(random.next() * pools),
    kind: oneOf(random, KINDS),
    deadlineMs: random.next() < 0.5 ? between(random, 20, 6_000) : undefined,
    abortAfterMs: random.next() < 0.1 ? between(random, 5, 3_000) : undefined,
  }));
}

function between(random: Random, least: number, most: number): number {
  return least + (most - least) * random.next();
}

function oneOf<T>(random: Random, values: readonly T[]): T {
  return values[Math.floor(random.next() * values.length)] as T;
}
