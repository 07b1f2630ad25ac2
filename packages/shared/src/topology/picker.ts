import type { Primary, Topology } from './topology.ts';

export type Pick =
  | { readonly at: 'member'; readonly member: Primary; readonly generation: number }
  | { readonly at: 'wait'; readonly why: string };

/** Pure: which member serves new work now, or why the call has to wait. */
export function pick(topology: Topology): Pick {
  const { leadership, generation } = topology;
  if (leadership.at === 'following') return { at: 'member', member: leadership.primary, generation };
  return { at: 'wait', why: describeSearch(topology) };
}

/** One line for errors and logs: what each member last said. */
export function describeSearch(topology: Topology): string {
  const members = [...topology.members].map(([key, member]) => {
    return `${key} ${member.role}${member.reason ? ` (${member.reason})` : ''}`;
  });
  return members.length === 0 ? 'no member is known' : members.join(', ');
}
