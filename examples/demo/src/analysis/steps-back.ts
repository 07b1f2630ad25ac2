import type { ObserverEvent } from '@steadfast/lab';

/**
 * Where the cluster itself returned to an older timeline: a member took writes on a timeline below one that had been
 * written to before, and what was acknowledged there is gone, whatever a client does. One way there: an etcd leader that
 * is frozen and thawed revokes the new primary's lease; etcd 3.4.23, as Debian 12 has it, does (etcd-io/etcd#15247).
 */
export function stepsBack(events: readonly ObserverEvent[]): string[] {
  const lines: string[] = [];
  let newest: { member: string; timeline: number } | undefined;
  for (const event of events) {
    if (event.kind !== 'pg-writable') continue;
    if (newest !== undefined && event.timeline < newest.timeline) {
      lines.push(
        `the cluster itself went back: ${event.member} took writes on timeline ${event.timeline} ` +
          `after ${newest.member} had on timeline ${newest.timeline}`,
      );
    } else newest = { member: event.member, timeline: event.timeline };
  }
  return lines;
}
