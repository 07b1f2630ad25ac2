import { endpointKey, primaryOf, type Endpoint, type Epoch, type Topology } from '@steadfast/shared';

/** A server that has been dialled as the primary, and has said that it is one. */
export interface Answer {
  readonly endpoint: Endpoint;
  /** that was current when the dial began */
  readonly generation: number;
  /** behind a provider's name: how often that had moved when it led there */
  readonly moves: Epoch | undefined;
}

/** Pure: whether the name has moved on since it led there: what is said there says nothing of the primary now. */
export function isLeftBehind({ moves }: Answer, { epoch }: Topology): boolean {
  return moves !== undefined && epoch !== undefined && moves < epoch;
}

/**
 * Pure: the generation of a link to that server; undefined where it is not the one that is followed. Behind a name its own
 * answer may have begun a generation, or may have been dropped for a younger one of another server.
 * @param before what was known when it answered, and after that its answer
 */
export function generationOf(
  { endpoint, generation, moves }: Answer,
  { before, after }: { readonly before: Topology; readonly after: Topology },
): number | undefined {
  const primary = primaryOf(after);
  if (!primary || endpointKey(primary.endpoint) !== endpointKey(endpoint)) return undefined;
  const own = moves !== undefined && moves === primary.epoch && before.generation === generation;
  const current = own || (moves === undefined && after.generation === generation);
  return current ? after.generation : undefined;
}
