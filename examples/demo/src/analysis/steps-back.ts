import type { ObserverEvent } from '@steadfast/lab';

/**
 * Where the cluster itself forked: a member took writes on a timeline that another had written to already, or on an older
 * one. What was acknowledged on the other branch is gone, whatever a client does. One way there: Patroni before 3.0.3 on
 * etcd's v3 API, whose leader takes its key back without looking when its session has run out (patroni/patroni#2689).
 */
export function stepsBack(events: readonly ObserverEvent[]): string[] {
  const lines: string[] = [];
  let newest: { member: string; timeline: number } | undefined;
  for (const event of events) {
    if (event.kind !== 'pg-writable') continue;
    const { member, timeline } = event;
    const forked =
      newest !== undefined &&
      (timeline < newest.timeline || (timeline === newest.timeline && member !== newest.member));
    if (forked) {
      lines.push(
        `the cluster itself forked: ${member} took writes on timeline ${timeline} ` +
          `after ${newest?.member} had on timeline ${newest?.timeline}`,
      );
    } else newest = { member, timeline };
  }
  return lines;
}
