import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { readFlags, UsageError, wholeNumber } from '../commands/command.ts';
import type { Objective } from '../method/search-rate.ts';
import { DATA_NAME } from './sandbox.ts';

export interface RunOptions {
  readonly targets: readonly string[];
  readonly targetsFile: string | undefined;
  readonly lab: boolean;
  readonly quick: boolean;
  readonly workloads: readonly string[];
  readonly perSecond: number;
  readonly callers: number;
  readonly connections: number;
  readonly scale: number;
  readonly measureMs: number;
  readonly warmupMs: number;
  readonly repetitions: number;
  readonly pairRepetitions: number;
  /** beside a stock client, where one can be used */
  readonly stock: boolean;
  /** pairs for these workloads alone; undefined: for all */
  readonly pairsOf?: readonly string[];
  readonly search: Objective | undefined;
  readonly failover: boolean;
  readonly allowFailover: boolean;
  readonly failoverCommand: string | undefined;
  /** load goes on for so long after the command: a provider's answer may come before its failover */
  readonly failoverAfterMs: number;
  readonly readOnly: boolean;
  readonly existingData: string | undefined;
  readonly keepData: boolean;
  readonly dryRun: boolean;
  readonly seed: number;
  readonly out: string;
}

const FLAGS = {
  target: { type: 'string', multiple: true, default: [] as string[] },
  targets: { type: 'string' },
  lab: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  workload: { type: 'string', multiple: true, default: [] as string[] },
  rate: { type: 'string', default: '200' },
  callers: { type: 'string', default: '32' },
  connections: { type: 'string', default: '10' },
  scale: { type: 'string', default: '1' },
  'measure-ms': { type: 'string' },
  'warmup-ms': { type: 'string' },
  repetitions: { type: 'string' },
  'pair-repetitions': { type: 'string' },
  'no-stock': { type: 'boolean', default: false },
  search: { type: 'string' },
  failover: { type: 'boolean', default: false },
  'allow-failover': { type: 'boolean', default: false },
  'failover-command': { type: 'string' },
  'failover-after-ms': { type: 'string' },
  'read-only': { type: 'boolean', default: false },
  data: { type: 'string' },
  'keep-data': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  seed: { type: 'string' },
  out: { type: 'string' },
} as const;

export const RUN_USAGE = `Measures PostgreSQL and Redis backends, side by side in one run.

  steadfast-bench run --target name=url [--target …] [options]
  steadfast-bench run --lab [options]

What to measure; without any of these, what the environment leads to (PG_HA_*, DATABASE_URL, REDIS_*):
  --target NAME=URL      postgres://, redis[s]://, valkey[s]://; behind the '?' the strategy and any variable of the client's
                         environment: 'db=postgres://app:pw@db1/inbox?strategy=patroni&PG_HA_PATRONI_URLS=http://db1:8008'
  --targets FILE         JSON: { "name": "url" } or { "name": { "url", "env", "deployment", "failoverCommand" } }
  --lab                  a cluster on this machine: HAProxy, Patroni, Sentinel, and a provider's stand-in at 0.5, 2 and 10 ms
How:
  --workload NAME|FILE   chatwoot, tpcb, kv, connect (default: all), or a file that exports one as default; several times
  --rate N               calls per second of the open loop, 1 to 100000 (200)
  --callers N            callers of the closed loop, 1 to 10000 (32)
  --connections N        connections of a pool, 1 to 1000 (10)
  --scale N              size of the data, 1 to 1000 (1: 20,000 messages, 10,000 keys)
  --measure-ms N         measured time of each repetition, 100 to 3600000 (2000)
  --warmup-ms N          time before that, 0 to 600000 (500)
  --repetitions N        of each measurement, 1 to 100 (4)
  --pair-repetitions N   of each measurement beside a stock client, 1 to 100 (6)
  --no-stock             no stock clients (pg, ioredis) beside ours
  --search pN=MSms       the highest rate that meets an objective, as p99=20ms
  --quick                about two minutes on the lab: fewer targets, workloads, repetitions
  --seed N               data, order and operations of an earlier run again
Failover:
  --failover             with --lab: what a switchover and a crash cost each client
  --allow-failover       on your own targets: runs the failover command of each, which interrupts whoever uses it
  --failover-command CMD that command, for targets whose file names none; the target's name is in $BENCH_TARGET
  --failover-after-ms N  the load goes on for so long after that command, 1000 to 3600000 (30000)
What it may touch:
  --read-only            writes nothing: operations that only read, on the data of an earlier run (--data), or connect alone
  --data NAME            uses data that an earlier run has kept: steadfast_bench_ and 8 hexadecimal digits
  --keep-data            leaves the data there for that
  --dry-run              says what would be done, and does nothing
  --out DIR              where the result goes (.steadfast/bench/<date and time>)`;

type Flags = ReturnType<typeof readFlags<typeof FLAGS>>;

/** @throws UsageError */
export function parseRun(argv: readonly string[], now: () => Date = () => new Date()): RunOptions {
  const flags = readFlags(argv, FLAGS);
  refuseContradictions(flags);
  const { lab, quick, search, data } = flags;
  const times = (
    name: 'measure-ms' | 'warmup-ms' | 'failover-after-ms',
    fallback: number,
    min: number,
    max: number,
  ): number => (flags[name] === undefined ? fallback : wholeNumber(name, flags[name], min, max));
  const count = (name: 'repetitions' | 'pair-repetitions', fallback: number): number =>
    flags[name] === undefined ? fallback : wholeNumber(name, flags[name], 1, 100);
  if (data !== undefined && !DATA_NAME.test(data))
    throw new UsageError(`--data is '${data}'; allowed: steadfast_bench_ and 8 hexadecimal digits`);
  return {
    targets: flags.target,
    targetsFile: flags.targets,
    lab,
    quick,
    workloads: flags.workload,
    perSecond: wholeNumber('rate', flags.rate, 1, 100_000),
    callers: wholeNumber('callers', flags.callers, 1, 10_000),
    connections: wholeNumber('connections', flags.connections, 1, 1_000),
    scale: wholeNumber('scale', flags.scale, 1, 1_000),
    measureMs: times('measure-ms', quick ? 700 : 2_000, 100, 3_600_000),
    warmupMs: times('warmup-ms', 500, 0, 600_000),
    repetitions: count('repetitions', quick ? 1 : 4),
    pairRepetitions: count('pair-repetitions', quick ? 7 : 6),
    stock: !flags['no-stock'],
    // So that a run on the lab ends in time.
    ...(quick ? { pairsOf: ['kv'] } : lab ? { pairsOf: ['chatwoot', 'kv'] } : {}),
    search: search === undefined ? undefined : objectiveOf(search),
    failover: flags.failover,
    allowFailover: flags['allow-failover'],
    failoverCommand: flags['failover-command'],
    failoverAfterMs: times('failover-after-ms', 30_000, 1_000, 3_600_000),
    readOnly: flags['read-only'],
    existingData: data,
    keepData: flags['keep-data'],
    dryRun: flags['dry-run'],
    seed: flags.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber('seed', flags.seed, 1, 2 ** 31),
    out: flags.out ?? join('.steadfast', 'bench', now().toISOString().slice(0, 19).replaceAll(':', '-')),
  };
}

/** What cannot both be meant. */
function refuseContradictions(flags: Flags): void {
  const given = (name: keyof Flags): boolean => {
    const value = flags[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  };
  const refuse = (first: keyof Flags, second: keyof Flags, why: string): void => {
    if (given(first) && given(second)) throw new UsageError(`--${first} and --${second}: ${why}`);
  };
  const own = 'allowed: the lab or targets of your own, one of them in a run';
  refuse('lab', 'target', own);
  refuse('lab', 'targets', own);
  refuse('lab', 'allow-failover', 'allowed: --failover, which is what makes the lab fail over');
  refuse('lab', 'read-only', 'allowed: --read-only with targets of your own; the lab is made for the run');
  refuse('read-only', 'allow-failover', 'allowed: one of them; a failover is measured by writing');
  refuse('data', 'keep-data', 'allowed: one of them; data that are used are never removed');
  const needs = (flag: keyof Flags, needed: keyof Flags): void => {
    if (given(flag) && !given(needed)) throw new UsageError(`--${flag} is allowed with --${needed} alone`);
  };
  needs('failover', 'lab');
  needs('failover-command', 'allow-failover');
  needs('failover-after-ms', 'allow-failover');
}

const OBJECTIVE = /^p(\d{1,2}(?:\.\d{1,3})?)=(\d+(?:\.\d+)?)ms$/;

function objectiveOf(text: string): Objective {
  const [, percentile, ms] = OBJECTIVE.exec(text) ?? [];
  const objective = { percentile: Number(percentile), ms: Number(ms) };
  if (percentile === undefined || objective.percentile < 1 || objective.ms <= 0 || objective.ms > 600_000)
    throw new UsageError(
      `--search is '${text}'; allowed: p1 to p99.999 within more than 0 to 600000 ms, as p99=20ms`,
    );
  return objective;
}
