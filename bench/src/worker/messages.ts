import type { Loop } from '../method/load.ts';
import type { Errors } from '../method/tally.ts';
import type { Library } from '../result.ts';

/** What a worker process is to do; plain JSON. */
export interface Job {
  readonly client: string;
  readonly library: Library;
  readonly env: Readonly<Record<string, string>>;
  readonly connections: number;
  /** a name of the registry, or the path of a file */
  readonly workload: string;
  /** schema or key prefix that holds the data */
  readonly data: string;
  readonly scale: number;
  readonly seed: number;
  readonly readOnly: boolean;
  readonly loop: Loop;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly drainMs: number;
}

export type FromWorker = { tell: 'done'; result: StretchResult } | { tell: 'failed'; error: string };

/** What one client came to in one stretch of measured time. */
export interface StretchResult {
  /** that were meant to begin within the measured time and ended well, be it later */
  readonly operations: number;
  /** that ended well within the measured time, whenever they were meant to begin */
  readonly perSecond: number;
  /** latencies by kind of operation, encoded */
  readonly byKind: Readonly<Record<string, string>>;
  /** of those that had not ended, or failed after a wait, the time until then, encoded */
  readonly unfinished?: string;
  readonly errors: Errors;
  readonly firstError?: string;
  /** CPU of the process per operation that ended within the measured time, µs */
  readonly cpuMicros: number;
  /** most connections that were open at once */
  readonly connections: number;
  /** the same of its connections */
  readonly bytes: { readonly sent: number; readonly received: number };
  /** times to dial until the first query could be sent, encoded: where each operation has a client of its own */
  readonly dials?: string;
  /** of these the TCP connections alone, and the TLS handshakes, encoded */
  readonly tcp?: string;
  readonly tls?: string;
}
