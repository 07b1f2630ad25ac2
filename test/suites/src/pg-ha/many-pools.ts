import { subscribe } from 'node:diagnostics_channel';
import { HaPool } from '@steadfast/pg-ha';

/** What one process of many sees of a failover; printed when it is told to stop. */
export interface Report {
  queries: number;
  /** SQLSTATE or code of every error that reached a caller */
  errors: Record<string, number>;
  /** most dials under way at once that were younger than YOUNG_MS; one that hangs gives its place away */
  peakDials: number;
  dials: number;
  generations: number[];
}

const POOLS = 5;
const CALLERS = 10;
const YOUNG_MS = 100;

const report: Report = { queries: 0, errors: {}, peakDials: 0, dials: 0, generations: [] };
const dialling = new Map<unknown, number>();
subscribe('tracing:steadfast:pg:dial:start', (trace) => {
  const now = performance.now();
  report.dials += 1;
  dialling.set(trace, now);
  const young = [...dialling.values()].filter((since) => now - since < YOUNG_MS).length;
  report.peakDials = Math.max(report.peakDials, young);
});
subscribe('tracing:steadfast:pg:dial:asyncStart', (trace) => void dialling.delete(trace));

const pools = Array.from({ length: POOLS }, () => new HaPool({ max: CALLERS, failoverWaitMs: 60_000 }));
let stopping = false;

async function caller(pool: HaPool): Promise<void> {
  while (!stopping) {
    try {
      await pool.query({ text: 'SELECT pg_sleep(0.02)', idempotent: true });
      report.queries += 1;
    } catch (error) {
      const code = String((error as { code?: unknown }).code);
      report.errors[code] = (report.errors[code] ?? 0) + 1;
    }
  }
}

const callers = pools.flatMap((pool) => Array.from({ length: CALLERS }, () => caller(pool)));
// Ready when every connection has been made.
while (pools.some((pool) => pool.totalCount < CALLERS))
  await new Promise((resolve) => setTimeout(resolve, 20));
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));
stopping = true;
await Promise.all(callers);
report.generations = pools.map((pool) => pool.health().generation);
await Promise.all(pools.map((pool) => pool.end()));
process.send?.(report);
process.disconnect();
