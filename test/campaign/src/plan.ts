import type { ClientSpec } from './clients/client.ts';
import type { CampaignFault } from './faults/campaign-fault.ts';
import type { Setting } from './settings.ts';

/** One fault to be made once. */
export interface Step {
  readonly setting: Setting;
  readonly fault: CampaignFault;
  readonly repetition: number;
  /** all of one library side by side, or one by itself */
  readonly clients: readonly ClientSpec[];
  readonly alone: boolean;
}

export interface PlanOptions {
  readonly settings: readonly Setting[];
  readonly faults: readonly CampaignFault[];
  readonly clients: readonly ClientSpec[];
  /** each client in runs of its own */
  readonly alone: boolean;
  /** picks by 'setting/fault', part of it or with `*` */
  readonly only: readonly string[];
  /** repetitions by setting */
  readonly repeat: (setting: Setting) => number;
  readonly random: () => number;
}

/** What `--quick` runs, and `npm test`: a planned one, a dead one, a silent one, for each library. */
export const QUICK: readonly string[] = [
  'sync-on/switchover',
  'sync-on/crash',
  'sync-on/freeze',
  'down-after-1000/sentinel-failover',
  'down-after-1000/redis-crash',
  'down-after-1000/redis-freeze',
  'down-after-1000/redis-partition-peers',
];

/**
 * What is to be run, in order: setting by setting, so that a lab serves as long as it can, and in each all faults once
 * before any comes again, so that a campaign that is cut short still has the whole table. The order of faults is drawn.
 */
export function planOf({ settings, faults, clients, alone, only, repeat, random }: PlanOptions): Step[] {
  return settings.flatMap((setting) => {
    const chosen = faults.filter(
      (fault) => fault.library === setting.library && isPicked(`${setting.name}/${fault.name}`, only),
    );
    const concerned = clients.filter(({ library }) => library === setting.library);
    const together = alone ? concerned.map((client) => [client]) : [concerned];
    return Array.from({ length: repeat(setting) }, (_, index) => index + 1).flatMap((repetition) =>
      shuffled(chosen, random).flatMap((fault) =>
        together.map((clients) => ({ setting, fault, repetition, clients, alone })),
      ),
    );
  });
}

/** The folder of its histories. */
export function keyOf(run: {
  setting: string;
  fault: string;
  repetition: number;
  /** the client that was by itself */
  alone?: string | undefined;
}): string {
  const { setting, fault, repetition, alone } = run;
  return [setting, fault, repetition, ...(alone === undefined ? [] : [alone.replace('/', '-')])].join('/');
}

export function keyOfStep({ setting, fault, repetition, clients, alone }: Step): string {
  return keyOf({
    setting: setting.name,
    fault: fault.name,
    repetition,
    alone: alone ? clients[0]?.name : undefined,
  });
}

export function isPicked(name: string, patterns: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matches(name, pattern));
}

/** `*` stands for anything; a pattern without one is looked for in the parts between slashes. */
function matches(name: string, pattern: string): boolean {
  if (!pattern.includes('*')) return name === pattern || name.split('/').includes(pattern);
  const source = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${source.join('.*')}$`).test(name);
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** mulberry32: small, seeded, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
