import type { ClientSpec } from '../clients/client.ts';
import type { Cell } from './cell.ts';

/** P2: the first write follows the opening of the way within this, at the 95th percentile. */
export const LAG_MS = 50;

/** Checkers that say `unknown` and found nothing that would explain it: they had too little to judge. */
export function unjudgedIn({ verdicts, findings }: Cell): string[] {
  const explained = new Set(findings.map(({ checker }) => checker));
  return Object.keys(verdicts).filter((name) => verdicts[name] === 'unknown' && !explained.has(name));
}

/** What a cell of ours shows that is not as promised, a line each; peers promise nothing. */
export function brokenIn(cell: Cell, spec: ClientSpec, serversKeep: boolean): string[] {
  if (!spec.ours) return [];
  const broken: string[] = [];
  const none = (count: number, what: string): void => {
    if (count > 0) broken.push(`${count} ${what}`);
  };
  if (serversKeep || spec.keeps) none(cell.lost, 'acknowledged and lost');
  none(cell.doubled, 'doubled');
  none(cell.unexpected, 'applied though reported as not applied');
  none(cell.unresolved, 'unresolved in spite of a proof');
  none(cell.late, 'later than their deadline');
  none(cell.stuck, 'stuck');
  none(cell.stale, 'answered by an older epoch after a newer one');
  none(cell.unsafe, 'errors of work that is safe to repeat');
  // What these find is no count of calls, and stands in no column.
  for (const checker of ['append', 'bank', 'monotonic', 'read-your-writes', 'bounds'])
    if (cell.verdicts[checker] === 'invalid') broken.push(`${checker} is invalid`);
  none(cell.never, 'runs without a write after the outage');
  // Whoever waits for replicas waits for them to come back, too.
  if (cell.lagMs && cell.lagMs.p95 > LAG_MS + (spec.hearsMs ?? 0) && !spec.keeps)
    broken.push(`lag ${Math.round(cell.lagMs.p95)} ms at p95`);
  return broken;
}
