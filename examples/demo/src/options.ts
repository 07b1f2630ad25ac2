import { parseArgs } from 'node:util';
import { choice, integer, wrongSetting, type Setting } from '@steadfast/shared';
import { DEFAULT_FAULTS, DEMO_FAULTS, type DemoFault } from './faults.ts';

export interface DemoOptions {
  readonly faults: readonly DemoFault[];
  readonly strategy: 'patroni' | 'haproxy';
  /** requests a second, all kinds together */
  readonly rate: number;
  readonly seed: number;
  readonly json: boolean;
  readonly keep: boolean;
  readonly synchronous: boolean;
}

export const HELP: string = `Starts a real PostgreSQL and Redis cluster on this machine, runs an app on it through failovers,
and looks up afterwards whether anything that was acknowledged is missing or there twice.

  npm run demo -- [options]

  --fault NAME      make this fault; may be given several times
                    default: ${DEFAULT_FAULTS.join(', ')}
  --strategy NAME   how PostgreSQL's primary is found: patroni (default) or haproxy
  --rate N          requests a second, 1 to 2000; default 100
  --async           PostgreSQL without synchronous replication: a crash may lose what was acknowledged
  --seed N          the requests of an earlier run again
  --json            one JSON document on stdout, progress on stderr
  --keep            leave the cluster running afterwards
  --help            this text

Faults: ${wrapped([...DEMO_FAULTS.keys()], 100, 8)}

Exit code: 0 all promises kept, 1 one broken or the demo could not run, 2 wrong arguments.
`;

/** Thrown for arguments that are wrong: the message is one line that names what is allowed. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

const FLAGS = {
  fault: { type: 'string', multiple: true },
  strategy: { type: 'string' },
  rate: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  keep: { type: 'boolean' },
  async: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const STRATEGY = choice(['patroni', 'haproxy']);
const RATE = integer(1, 2_000);
const SEED = integer(0, 0xffff_ffff);
const FAULT = choice([...DEMO_FAULTS.keys()]);

/** @throws UsageError for anything that is not allowed */
export function parseOptions(args: readonly string[], randomSeed: number): DemoOptions | 'help' {
  const values = readFlags(args);
  if (values.help) return 'help';
  const strategy = read('--strategy', STRATEGY, values.strategy ?? 'patroni');
  const names = values.fault ?? DEFAULT_FAULTS;
  return {
    faults: names.map((name) => readFault(name, strategy)),
    strategy,
    rate: read('--rate', RATE, values.rate ?? 100),
    seed: read('--seed', SEED, values.seed ?? randomSeed),
    json: values.json ?? false,
    keep: values.keep ?? false,
    synchronous: !values.async,
  };
}

function readFlags(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'] {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false }).values;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split(/\.(?:\s|$)/);
    const known = Object.keys(FLAGS).map((name) => `--${name}`);
    throw new UsageError(`${reason}; allowed: ${known.join(', ')}`, { cause: error });
  }
}

function readFault(name: string, strategy: string): DemoFault {
  const fault = DEMO_FAULTS.get(read('--fault', FAULT, name));
  if (fault === undefined) throw new UsageError(`--fault is '${name}'; allowed: ${FAULT.allowed}`);
  if (fault.strategy !== undefined && fault.strategy !== strategy)
    throw new UsageError(`--fault ${name} needs --strategy ${fault.strategy}; it is ${strategy}`);
  return fault;
}

function read<T>(name: string, setting: Setting<T>, raw: string | number): T {
  const value = setting.read(raw);
  if (value !== undefined) return value;
  throw new UsageError(wrongSetting(name, raw, setting.allowed, setting.words).message);
}

function wrapped(words: readonly string[], width: number, indent: number): string {
  const lines: string[] = [''];
  for (const word of words) {
    const line = lines.at(-1) ?? '';
    if (indent + line.length + word.length + 2 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line}, ${word}`;
  }
  return lines.join(`,\n${' '.repeat(indent)}`);
}
