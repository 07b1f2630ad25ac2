import { parseArgs } from 'node:util';
import { CLIENTS } from './clients/registry.ts';
import { CAMPAIGN_FAULTS, composedFaults } from './faults/faults.ts';
import { isPicked } from './plan.ts';
import { SETTINGS } from './settings.ts';

export interface CampaignOptions {
  readonly quick: boolean;
  readonly only: readonly string[];
  readonly clients: readonly string[];
  /** each client in runs of its own */
  readonly alone: boolean;
  /** undefined: as many as the setting is worth */
  readonly repeat: number | undefined;
  /** so many pairs of faults a library, and so many random schedules */
  readonly pairs: number;
  readonly random: number;
  readonly seed: number;
  readonly rate: number;
  readonly out: string;
  readonly resume: boolean;
  readonly publish: boolean;
}

export const HELP = `Runs every fault on every setting against all clients side by side, and holds what they were told
against what is there.

  pnpm campaign [options]

  --quick           a few faults, once each, in less than 12 min; with --only: those, and none for a minute
  --only PATTERN    settings and faults, as 'sync-on', 'crash' or 'down-after-1000/redis-*'; may be given several times
  --client A,B      only these clients, as 'pg-ha/patroni' or 'redis-ha/*'
  --alone           each client in runs of its own, without the others' load
  --repeat N        repetitions of each fault, 1 to 100; default 5, and 2 for sync-off and down-after-5000
  --pairs N         N pairs of faults a library that overlap, drawn from the seed, 1 to 200; 'sync-on/a+b' with --only
  --random N        N schedules a library of 2 to 5 faults that partly overlap, drawn from the seed, 1 to 1000
  --seed N          order, moments, pairs and schedules of an earlier run again
  --rate N          calls a second of each of the 8 writers of a client, 1 to 200; default 5
  --out DIR         where results and histories go; default .steadfast/campaign
  --resume          go on with what is in --out
  --publish         write the tables into bench/RESULTS.md; those of --alone into a section of their own
  --list            what there is to run
  --help            this text
`;

/** Thrown for arguments that are wrong: one line that names what is allowed. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

const FLAGS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  client: { type: 'string', multiple: true, default: [] as string[] },
  alone: { type: 'boolean', default: false },
  repeat: { type: 'string' },
  pairs: { type: 'string' },
  random: { type: 'string' },
  seed: { type: 'string' },
  rate: { type: 'string', default: '5' },
  out: { type: 'string', default: '.steadfast/campaign' },
  resume: { type: 'boolean', default: false },
  publish: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** @throws UsageError */
export function parseOptions(args: readonly string[], randomSeed: number): CampaignOptions | 'help' | 'list' {
  const values = readFlags(args);
  if (values.help) return 'help';
  if (values.list) return 'list';
  const only = values.only.flatMap((each) => each.split(','));
  const clients = values.client.flatMap((each) => each.split(','));
  const { quick, alone, out, resume, publish } = values;
  const count = (flag: 'pairs' | 'random', max: number): number => {
    const text = values[flag];
    return text === undefined ? 0 : whole(`--${flag}`, text, max);
  };
  const wanted = {
    pairs: count('pairs', 200),
    random: count('random', 1_000),
    seed: values.seed === undefined ? randomSeed : whole('--seed', values.seed, 2 ** 32 - 1),
  };
  const cells = SETTINGS.flatMap(({ name, library }) =>
    [...CAMPAIGN_FAULTS, ...composedFaults(wanted)]
      .filter((fault) => fault.library === library)
      .map((fault) => `${name}/${fault.name}`),
  );
  for (const pattern of only) refuseUnknown('--only', pattern, cells);
  for (const pattern of clients)
    refuseUnknown(
      '--client',
      pattern,
      CLIENTS.map(({ name }) => name),
    );
  return {
    quick,
    only,
    clients,
    alone,
    repeat: values.repeat === undefined ? undefined : whole('--repeat', values.repeat, 100),
    ...wanted,
    rate: whole('--rate', values.rate, 200),
    out,
    resume,
    publish,
  };
}

function readFlags(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'] {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    const known = Object.keys(FLAGS).map((name) => `--${name}`);
    throw new UsageError(`${(error as Error).message.split(/\.(?:\s|$)/)[0]}; allowed: ${known.join(', ')}`, {
      cause: error,
    });
  }
}

function refuseUnknown(flag: string, pattern: string, names: readonly string[]): void {
  if (names.some((name) => isPicked(name, [pattern]))) return;
  const parts = [...new Set(flag === '--only' ? names.flatMap((name) => name.split('/')) : names)];
  throw new UsageError(`${flag} '${pattern}' picks nothing; allowed: ${parts.join(', ')}`);
}

function whole(flag: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new UsageError(`${flag} is '${text}'; allowed: a whole number from 1 to ${max}`);
}
