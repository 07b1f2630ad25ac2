import { readFile } from 'node:fs/promises';
import { UsageError } from './commands/command.ts';
import { DEPLOYMENT_IDS, type BenchResult } from './result.ts';

/** Longer than any run of the suite leaves behind: what is longer is not one of them. */
const MAX_BYTES = 64 * 2 ** 20;

/** A shape: says what is wrong with a value at a path, or nothing. */
type Shape = (value: unknown, at: string) => string | undefined;

const text: Shape = (value, at) => (typeof value === 'string' ? undefined : `${at} is not a text`);
const flag: Shape = (value, at) => (typeof value === 'boolean' ? undefined : `${at} is not true or false`);
const number: Shape = (value, at) =>
  typeof value === 'number' && Number.isFinite(value) ? undefined : `${at} is not a number`;

const oneOf =
  (...words: readonly unknown[]): Shape =>
  (value, at) =>
    words.includes(value) ? undefined : `${at} is ${JSON.stringify(value)}; allowed: ${words.join(', ')}`;

const maybe =
  (shape: Shape): Shape =>
  (value, at) =>
    value === undefined ? undefined : shape(value, at);

/** The first that is wrong among many: nothing after it is looked at. */
function first<T>(
  values: readonly T[],
  shape: (value: T, n: number) => string | undefined,
): string | undefined {
  for (const [n, value] of values.entries()) {
    const wrong = shape(value, n);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

const list =
  (shape: Shape): Shape =>
  (value, at) =>
    Array.isArray(value)
      ? first<unknown>(value, (one, n) => shape(one, `${at}[${n}]`))
      : `${at} is not a list`;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const record =
  (shape: Shape): Shape =>
  (value, at) =>
    isRecord(value)
      ? first(Object.entries(value), ([key, one]) => shape(one, `${at}.${key}`))
      : `${at} is not an object`;

const fields = (shapes: Readonly<Record<string, Shape>>): Shape => {
  const all = Object.entries(shapes);
  return (value, at) =>
    isRecord(value)
      ? first(all, ([key, shape]) => shape(value[key], at === '' ? key : `${at}.${key}`))
      : `${at === '' ? 'it' : at} is not an object`;
};

const pair: Shape = (value, at) =>
  Array.isArray(value) && value.length === 2
    ? (number(value[0], `${at}[0]`) ?? number(value[1], `${at}[1]`))
    : `${at} is not a pair of numbers`;

const LATENCY = fields({
  count: number,
  mean: number,
  p50: number,
  p90: number,
  p99: number,
  p999: number,
  max: number,
  curve: list(pair),
});

const LOOP: Shape = (value, at) => {
  const kinds: Record<string, Shape> = {
    open: fields({ perSecond: number }),
    closed: fields({ callers: number }),
    search: fields({ objective: fields({ percentile: number, ms: number }) }),
  };
  const kind = isRecord(value) ? value['kind'] : undefined;
  return oneOf(...Object.keys(kinds))(kind, `${at}.kind`) ?? kinds[String(kind)]?.(value, at);
};

const RESULT = fields({
  schema: oneOf(1),
  startedAt: text,
  durationMs: number,
  seed: number,
  command: text,
  machine: fields({ cpu: text, cores: number, memoryBytes: number, os: text }),
  versions: record(text),
  targets: list(
    fields({
      name: text,
      library: oneOf('pg', 'redis'),
      strategy: text,
      where: text,
      addedRoundTripMs: maybe(number),
      connect: maybe(LATENCY),
      tcpConnect: maybe(LATENCY),
      tlsHandshake: maybe(LATENCY),
      tls: maybe(flag),
      deployment: maybe(oneOf(...DEPLOYMENT_IDS)),
      provider: maybe(text),
    }),
  ),
  measurements: list(
    fields({
      target: text,
      client: text,
      workload: text,
      loop: LOOP,
      repetitions: number,
      each: maybe(list(fields({ perSecond: number, p50: number, p99: number, cpuMicros: number }))),
      operations: number,
      perSecond: number,
      latency: LATENCY,
      errors: fields({ notSent: number, rejected: number, unknown: number }),
      cpuMicros: number,
      connections: maybe(number),
      bytes: maybe(fields({ sent: number, received: number })),
      byKind: maybe(record(LATENCY)),
    }),
  ),
  ratios: list(
    fields({
      name: text,
      ours: text,
      other: text,
      target: text,
      workload: text,
      callers: number,
      of: oneOf('throughput', 'cpu', 'p99', 'memory'),
      median: number,
      low: number,
      high: number,
      pairs: number,
      goal: maybe(number),
      profile: maybe(text),
    }),
  ),
  failovers: list(
    fields({
      target: text,
      client: text,
      fault: text,
      setting: maybe(text),
      repetitions: number,
      serverWindowMs: maybe(number),
      clientWindowMs: maybe(number),
      never: maybe(flag),
      each: maybe(list(fields({ serverWindowMs: number, clientWindowMs: number }))),
      failed: number,
      unknown: number,
      lost: number,
      doubled: number,
      stuck: number,
      uncounted: maybe(flag),
      timeline: list(fields({ lane: text, from: number, to: number, what: text })),
    }),
  ),
  noise: fields({
    controls: list(fields({ at: number, perSecond: number })),
    spread: number,
    tooNoisy: flag,
  }),
  notes: list(text),
});

/** What is wrong with a value that should be a result, or undefined. */
export function wrongResult(value: unknown): string | undefined {
  return RESULT(value, '');
}

/**
 * Reads what a run left behind.
 * @throws UsageError that names the file and what is wrong with it
 */
export async function readResult(path: string): Promise<BenchResult> {
  const refuse = (why: string, cause?: unknown): Error =>
    new UsageError(`${path} is not a result of 'steadfast-bench run': ${why}`, { cause });
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(
      `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`,
      {
        cause: error,
      },
    );
  }
  if (bytes.length > MAX_BYTES) throw refuse(`it is larger than ${MAX_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw refuse('it is not JSON', error);
  }
  const wrong = wrongResult(value);
  if (wrong !== undefined) throw refuse(wrong);
  return value as BenchResult;
}
