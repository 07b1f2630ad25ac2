import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { Latency } from '../result.ts';

const UNITS_PER_MS = 1_000;
const EMPTY: Latency = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, curve: [] };
/** Of the curve: points for each halving of the distance to 100 %. */
const POINTS_PER_HALF = 4;

/** Times in ms, kept to 3 digits in an HdrHistogram, so that those of several processes can be added up. */
export class Latencies {
  readonly #histogram: Histogram;

  static decode(encoded: string): Latencies {
    return new Latencies(decodeFromCompressedBase64(encoded, 32, false));
  }

  static sumOf(all: readonly Latencies[]): Latencies {
    const sum = new Latencies();
    for (const each of all) sum.#histogram.add(each.#histogram);
    return sum;
  }

  constructor(
    histogram: Histogram = build({
      bitBucketSize: 32,
      autoResize: true,
      numberOfSignificantValueDigits: 3,
      useWebAssembly: false,
    }),
  ) {
    this.#histogram = histogram;
    this.#histogram.autoResize = true;
  }

  record(ms: number): void {
    this.#histogram.recordValue(Math.max(0, Math.round(ms * UNITS_PER_MS)));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  at(percentile: number): number {
    return this.#histogram.getValueAtPercentile(percentile) / UNITS_PER_MS;
  }

  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  summary(): Latency {
    const { count } = this;
    if (count === 0) return EMPTY;
    return {
      count,
      mean: this.#histogram.mean / UNITS_PER_MS,
      p50: this.at(50),
      p90: this.at(90),
      p99: this.at(99),
      p999: this.at(99.9),
      max: this.#histogram.maxValue / UNITS_PER_MS,
      curve: percentilesFor(count).map((percentile) => [percentile, this.at(percentile)] as const),
    };
  }
}

/** Percentiles that so many values can tell, the denser the nearer to 100. */
export function percentilesFor(count: number): number[] {
  const steps = Math.max(1, Math.ceil(Math.log2(count) * POINTS_PER_HALF));
  const percentiles = Array.from({ length: steps }, (_, n) => 100 * (1 - 2 ** (-n / POINTS_PER_HALF)));
  return [...percentiles, 100];
}
