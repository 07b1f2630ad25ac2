import type { Socket } from 'node:net';
import { endpointKey, type Endpoint, type Epoch, type Instant, type Topology } from '@steadfast/shared';

/** The connection that commands go through, stamped with what was known when it was dialled. */
export interface Link {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
  readonly generation: number;
  readonly epoch: Epoch | undefined;
  readonly since: Instant;
  /** the server's number of this connection, where it gives it: the name under which it can be asked about from another */
  readonly clientId?: number | undefined;
}

/**
 * What a topology means for a link.
 * - `keep`: it leads to the primary
 * - `pause`: nobody knows; nothing new is sent, and what is in flight may still be answered
 * - `drain`: its server says itself that it is a replica: what is in flight is refused there, which is worth hearing
 * - `cut`: its server has been replaced, and what it still acknowledges will be lost
 */
export type Fate = 'keep' | 'pause' | 'drain' | 'cut';

/** Pure. */
export function fateOf(link: Link, topology: Topology): Fate {
  const member = topology.members.get(endpointKey(link.endpoint));
  if (member?.role === 'replica' && member.observedAt > link.since) return 'drain';
  if (topology.generation > link.generation) return 'cut';
  const named = topology.rule === 'nominated' ? topology.nominee?.epoch : undefined;
  if (named !== undefined && named > (link.epoch ?? -1)) return 'cut';
  // Behind a name, whom a question reaches says nothing of a link that stands: silence and refusals do.
  return topology.leadership.at === 'following' || topology.rule === 'route' ? 'keep' : 'pause';
}
