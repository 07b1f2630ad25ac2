import { endpointKey, primaryOf, type Topology, type TopologyChange } from '@steadfast/shared';

/** Whether a change says anything new: that a member has answered once more does not. */
export function isNews({ previous, next }: TopologyChange): boolean {
  return describe(previous) !== describe(next);
}

function describe(topology: Topology): string {
  const primary = primaryOf(topology);
  const members = [...topology.members].map(([key, member]) => `${key} ${member.role}`);
  return [topology.generation, primary && endpointKey(primary.endpoint), ...members.toSorted()].join();
}
