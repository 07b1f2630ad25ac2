import { seededRandom } from '@steadfast/shared';
import {
  type BenchResult,
  type FailoverResult,
  type Latency,
  type Measurement,
  type RatioResult,
  type TargetResult,
} from './result.ts';

/** Percentiles that a histogram's curve has. */
const PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 100];

const TARGETS: readonly TargetResult[] = [
  {
    name: 'haproxy',
    library: 'pg',
    strategy: 'haproxy',
    where: 'lab, 10.111.0.5:5000',
    deployment: 'postgres-self-managed',
  },
  {
    name: 'patroni',
    library: 'pg',
    strategy: 'patroni',
    where: 'lab, 10.111.0.11:8008',
    deployment: 'postgres-hybrid',
  },
  ...[0.5, 2, 10].map((addedRoundTripMs): TargetResult => ({
    name: `managed-${addedRoundTripMs}ms`,
    library: 'pg',
    strategy: 'managed',
    where: 'lab, db.managed.test:6432',
    addedRoundTripMs,
    tls: true,
    connect: latencyAround(9 + 4 * addedRoundTripMs, 0.3, 400),
    tcpConnect: latencyAround(0.2 + addedRoundTripMs, 0.3, 400),
    tlsHandshake: latencyAround(4 + 2 * addedRoundTripMs, 0.3, 400),
    deployment: 'postgres-managed',
  })),
  {
    name: 'sentinel',
    library: 'redis',
    strategy: 'sentinel',
    where: 'lab, 10.111.0.11:26379',
    deployment: 'redis-sentinel',
  },
  {
    name: 'redis-managed-0.5ms',
    addedRoundTripMs: 0.5,
    library: 'redis',
    strategy: 'managed',
    where: 'lab, cache.managed.test:6380',
    tls: true,
    deployment: 'redis-managed',
  },
];

/** Latencies whose logarithms are normal: one number for the middle, one for the tail. */
function latencyAround(p50: number, spread: number, count: number): Latency {
  const at = (percentile: number): number => {
    const share = Math.min(Math.max(percentile / 100, 0.5 / count), 1 - 0.5 / count);
    // The logistic distribution is close to the normal one and has its quantiles in one line.
    return p50 * Math.exp((spread * Math.log(share / (1 - share))) / 1.7);
  };
  return {
    count,
    mean: p50 * 1.1,
    p50,
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: at(100),
    curve: PERCENTILES.map((percentile) => [percentile, at(percentile)] as const),
  };
}

interface Example {
  readonly p50: number;
  readonly perSecond: number;
  readonly loop: Measurement['loop'];
  readonly workload: string;
}

function measurement(
  target: string,
  client: string,
  example: Example,
  slower: number,
  seed: number,
): Measurement {
  const random = seededRandom(seed);
  const { p50, loop, workload } = example;
  const perSecond = loop.kind === 'open' ? loop.perSecond : example.perSecond / slower;
  const latency = latencyAround(p50 * slower, 0.45, 12_000);
  const jitter = (): number => 0.97 + 0.06 * random.next();
  return {
    target,
    client,
    workload,
    loop,
    repetitions: 6,
    each: Array.from({ length: 6 }, () => ({
      perSecond: perSecond * (loop.kind === 'open' ? 1 : jitter()),
      p50: latency.p50 * jitter(),
      p99: latency.p99 * jitter(),
      cpuMicros: 180 * slower * jitter(),
    })),
    operations: Math.round(perSecond * 60),
    perSecond,
    latency,
    errors: { notSent: 0, rejected: 0, unknown: 0 },
    cpuMicros: 180 * slower,
    connections: 10,
    bytes: { sent: 412, received: 2_310 },
    byKind: {
      'send message': latencyAround(p50 * slower * 1.8, 0.4, 3_000),
      'conversation list': latencyAround(p50 * slower * 0.9, 0.4, 9_000),
    },
  };
}

function measurements(slower: number): Measurement[] {
  return TARGETS.flatMap(({ name, library, addedRoundTripMs = 0.1 }, n) => {
    const p50 = library === 'pg' ? (n === 0 ? 2.9 : 2.4) + addedRoundTripMs * 1.6 : 0.6 + 0.2 * n;
    const ours = library === 'pg' ? 'pg-ha' : 'redis-ha';
    const stock = library === 'pg' ? 'pg' : 'ioredis';
    const workload = library === 'pg' ? 'chatwoot' : 'chatwoot (redis)';
    const open: Example = { p50, perSecond: 200, loop: { kind: 'open', perSecond: 200 }, workload };
    const closed: Example = {
      p50: p50 * 3,
      perSecond: 32_000 / (p50 * 3 + 1),
      loop: { kind: 'closed', callers: 32 },
      workload,
    };
    return [
      measurement(name, ours, open, slower, n),
      measurement(name, ours, closed, slower, 50 + n),
      ...(n === 1 || n === 5 ? [measurement(name, stock, closed, 1.02, 100 + n)] : []),
    ];
  });
}

function ratio(
  name: string,
  other: string,
  callers: number,
  of: RatioResult['of'],
  median: number,
  width: number,
): RatioResult {
  const redis = name.startsWith('Redis');
  return {
    name,
    ours: redis ? 'redis-ha' : 'pg-ha',
    other,
    target: redis ? 'sentinel' : 'patroni',
    workload: redis ? 'kv' : 'select $1::int',
    callers,
    of,
    median,
    low: median * (1 - width),
    high: median * (1 + width),
    pairs: 12,
    ...(of === 'throughput' ? { goal: callers === 128 && other !== 'ioredis' ? 2 : 0.98 } : {}),
  };
}

type Lane = FailoverResult['timeline'][number];

/** Who was primary, what led there, and when the client wrote again. */
function timeline(server: number, client: number, way?: { lane: string; after: number }): Lane[] {
  const [from, to] = [-1_000, server + 2_000];
  return [
    { lane: 'primary', what: 'h1', from, to: 0 },
    { lane: 'primary', what: 'h2', from: server, to },
    ...(way
      ? [
          {
            lane: way.lane,
            what: 'h1',
            from,
            to: server + way.after - (way.lane === 'haproxy' ? server - 900 : 0),
          },
          { lane: way.lane, what: 'h2', from: server + way.after, to },
        ]
      : []),
    { lane: 'client', what: 'writes', from, to: 5 },
    { lane: 'client', what: 'waits', from: 5, to: client },
    { lane: 'client', what: 'writes', from: client, to },
  ];
}

function failover(
  target: string,
  fault: string,
  server: number,
  lag: number,
  way?: { lane: string; after: number },
): FailoverResult {
  return {
    target,
    client: way?.lane === 'sentinels' || target.startsWith('redis') ? 'redis-ha' : 'pg-ha',
    fault,
    repetitions: 3,
    serverWindowMs: server,
    clientWindowMs: server + lag,
    each: [-0.04, 0, 0.05].map((off) => ({
      serverWindowMs: server * (1 + off),
      clientWindowMs: server * (1 + off) + lag * (1 - off),
    })),
    failed: 0,
    unknown: 0,
    lost: 0,
    doubled: 0,
    stuck: 0,
    timeline: timeline(server, server + lag, way),
  };
}

/**
 * A result as a run on the lab could leave it behind, made up: for tests, and to look at the report with.
 * `slower`: how much slower ours is in it than usual, to compare with.
 */
export function exampleResult({ slower = 1 }: { slower?: number } = {}): BenchResult {
  return {
    schema: 1,
    startedAt: '2026-11-23T09:12:44.000Z',
    durationMs: 1_063_000,
    seed: 1,
    command: 'steadfast-bench run --lab --seed 1',
    machine: {
      cpu: 'AMD EPYC 7763 64-Core Processor',
      cores: 2,
      memoryBytes: 24_959_000_000,
      os: 'Linux 6.1.0, Debian 12',
    },
    versions: {
      node: '24.21.0',
      steadfast: '0.1.0',
      pg: '8.23.1',
      ioredis: '6.0.0',
      PostgreSQL: '15.14',
      Redis: '7.0.15',
    },
    targets: TARGETS,
    measurements: measurements(slower),
    ratios: [
      ...[1, 32, 128].map((callers) =>
        ratio('PostgreSQL, select', 'pg', callers, 'throughput', callers === 128 ? 2.31 : 1.01, 0.05),
      ),
      ratio('PostgreSQL, select', 'postgres.js', 128, 'throughput', 1.08, 0.06),
      ...[1, 32, 128].map((callers) =>
        ratio('Redis, SET', 'ioredis', callers, 'throughput', 0.985 / slower, 0.04),
      ),
      ratio('PostgreSQL, select', 'pg', 32, 'cpu', 0.99, 0.03),
      ratio('Redis, SET', 'ioredis', 32, 'cpu', 1.04 * slower, 0.02),
    ],
    failovers: [
      failover('haproxy', 'crash', 20_900, 64, { lane: 'haproxy', after: 40 }),
      failover('patroni', 'crash', 20_100, 38),
      failover('patroni', 'switchover', 1_110, 29),
      failover('managed', 'crash', 20_300, 410, { lane: 'dns', after: 300 }),
      failover('sentinel', 'crash', 1_420, 60, { lane: 'sentinels', after: 55 }),
      failover('redis-managed', 'crash', 1_480, 240, { lane: 'dns', after: 180 }),
    ],
    noise: {
      controls: [0, 350_000, 700_000, 1_060_000].map((at, n) => ({ at, perSecond: 41_200 - 300 * n })),
      spread: 0.012,
      tooNoisy: false,
    },
    notes: [
      'Everything shares two cores: servers, clients and observers.',
      'GLIDE was not measured: it does not install here.',
    ],
  };
}
