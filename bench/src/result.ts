/**
 * What a run of the suite leaves behind: plain JSON, read by the report, by `compare` and by `plan`. Times are in ms and
 * rates per second unless a name says otherwise; `at` are ms since the run began.
 */
export interface BenchResult {
  readonly schema: 1;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly seed: number;
  /** what was typed, with secrets redacted */
  readonly command: string;
  readonly machine: Machine;
  /** by name: node, steadfast, each client and each server that was measured */
  readonly versions: Readonly<Record<string, string>>;
  readonly targets: readonly TargetResult[];
  readonly measurements: readonly Measurement[];
  readonly ratios: readonly RatioResult[];
  readonly failovers: readonly FailoverResult[];
  readonly noise: Noise;
  /** plain sentences for the reader: what was skipped and why, what not to conclude */
  readonly notes: readonly string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly os: string;
}

export type Library = 'pg' | 'redis';

/** The ways to run the databases that costs/ knows the prices of. */
export const DEPLOYMENT_IDS = [
  /** Patroni, etcd and HAProxy in Docker Swarm */
  'postgres-self-managed',
  /** Patroni on dedicated servers, its members reached directly */
  'postgres-hybrid',
  /** a provider's PostgreSQL */
  'postgres-managed',
  /** Redis and three sentinels in Docker Swarm */
  'redis-sentinel',
  /** a provider's Redis or Valkey */
  'redis-managed',
] as const;
export type DeploymentId = (typeof DEPLOYMENT_IDS)[number];

export interface TargetResult {
  readonly name: string;
  readonly library: Library;
  /** haproxy, patroni, managed, hosts, single, sentinel */
  readonly strategy: string;
  /** where it is, with secrets redacted */
  readonly where: string;
  /** round-trip time added by a delay proxy, ms; absent for targets used as given */
  readonly addedRoundTripMs?: number;
  /** dialling without and with TLS until the first query could be sent; absent where it was not measured */
  readonly connect?: Latency;
  /** of that the TCP connection alone, and the TLS handshake, ms */
  readonly tcpConnect?: Latency;
  readonly tlsHandshake?: Latency;
  readonly tls?: boolean;
  /** the deployment that it stands for; absent for targets used as given */
  readonly deployment?: DeploymentId;
  /** whose it is, as in PG_HA_PROVIDER and REDIS_HA_PROVIDER; absent where that was not said */
  readonly provider?: string;
}

/** One workload on one target by one client at one load: all its repetitions together. */
export interface Measurement {
  readonly target: string;
  readonly client: string;
  readonly workload: string;
  /** `open`: calls begin at a given rate, latency counts from the intended time. `closed`: callers in a loop. */
  readonly loop:
    | { readonly kind: 'open'; readonly perSecond: number }
    | { readonly kind: 'closed'; readonly callers: number }
    /** the highest rate that met the objective */
    | { readonly kind: 'search'; readonly objective: { readonly percentile: number; readonly ms: number } };
  readonly repetitions: number;
  /** each repetition by itself: `compare` draws from them, and says of a figure without them that it cannot judge it */
  readonly each?: readonly Repetition[];
  /** operations that ended well in the measured time, warm-up left out */
  readonly operations: number;
  readonly perSecond: number;
  readonly latency: Latency;
  /** failed operations by outcome */
  readonly errors: { readonly notSent: number; readonly rejected: number; readonly unknown: number };
  /** CPU of the client process per operation, µs */
  readonly cpuMicros: number;
  /** most connections open at once, where the client tells */
  readonly connections?: number;
  /** bytes to and from the server per operation */
  readonly bytes?: { readonly sent: number; readonly received: number };
  /** each operation kind of the workload by itself, where it has several */
  readonly byKind?: Readonly<Record<string, Latency>>;
}

/** What one repetition of a measurement came to; latencies in ms, CPU in µs per operation. */
export interface Repetition {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicros: number;
}

/** Of latencies or connect times, ms. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** for the chart: [percentile 0..100, ms], rising, as the histogram has them */
  readonly curve: readonly (readonly [number, number])[];
}

/** Two things measured in turn in the same run, as a ratio with its 95 % interval. */
export interface RatioResult {
  readonly name: string;
  readonly ours: string;
  readonly other: string;
  readonly target: string;
  readonly workload: string;
  readonly callers: number;
  readonly of: 'throughput' | 'cpu' | 'p99' | 'memory';
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly pairs: number;
  /** the least (throughput) or the most (else) that it should be; absent where there is no goal */
  readonly goal?: number;
  /** path of a CPU profile beside the result */
  readonly profile?: string;
}

/** The fault of a failover command of which nobody has said whether it is a crash or planned. */
export const UNSAID_FAULT = 'failover command';

export interface FailoverResult {
  readonly target: string;
  readonly client: string;
  readonly fault: string;
  /** how the servers were set up, by the campaign's name for it: `down-after-1000`; absent where nobody knows */
  readonly setting?: string;
  readonly repetitions: number;
  /** from the fault to the first write that the new primary took from an observer, median */
  readonly serverWindowMs?: number | undefined;
  /** from the fault (where nobody watched the servers: from the last write before) to this client's first acknowledged write there, median */
  readonly clientWindowMs?: number | undefined;
  /** this client was not back by itself: no write was acknowledged any more, or none until the fault was taken back */
  readonly never?: boolean | undefined;
  /** both windows of each repetition in which both were seen, for intervals */
  readonly each?: readonly { readonly serverWindowMs: number; readonly clientWindowMs: number }[];
  readonly failed: number;
  readonly unknown: number;
  readonly lost: number;
  readonly doubled: number;
  readonly stuck: number;
  /** the data could not be read back: what was lost or doubled nobody knows, and 0 stands for it */
  readonly uncounted?: boolean | undefined;
  /** what happened when in one of the runs, for the time axis: lanes such as primary, haproxy, dns, client */
  readonly timeline: readonly {
    readonly lane: string;
    readonly from: number;
    readonly to: number;
    readonly what: string;
  }[];
}

/** The same control work before, between and after: how much the machine itself varied. */
export interface Noise {
  readonly controls: readonly { readonly at: number; readonly perSecond: number }[];
  /** largest deviation of a control from their median, as a share */
  readonly spread: number;
  readonly tooNoisy: boolean;
}
