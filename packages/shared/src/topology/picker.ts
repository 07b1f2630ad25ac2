import type { Random } from '../runtime/random.ts';
import type { Endpoint } from './endpoint.ts';
import type { Lag } from './position-log.ts';
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

/** Who may answer reads: anybody, replicas alone, or the primary too where no replica qualifies. */
export type ReadPreference = 'any' | 'standby' | 'prefer-standby';

export interface ReadWish {
  readonly prefer: ReadPreference;
  /** a replica further behind does not qualify; undefined: no bound */
  readonly maxLagBytes?: number | undefined;
  readonly maxLagMs?: number | undefined;
  /** `random`: the less loaded of two that are drawn; `listed`: the first that qualifies */
  readonly order: 'random' | 'listed';
}

/** A member that answers. Its lag counts where it is a replica. */
export interface ReadCandidate {
  readonly endpoint: Endpoint;
  readonly role: 'primary' | 'replica';
  readonly lag: Lag;
  /** work it has from us now */
  readonly load: number;
}

/** Pure but for the draw: which of the candidates answers a read now; undefined where none qualifies. */
export function pickReader<C extends ReadCandidate>(
  candidates: readonly C[],
  wish: ReadWish,
  random: Random,
): C | undefined {
  const replicas = candidates.filter((each) => each.role === 'replica' && isFreshEnough(each.lag, wish));
  const primaries = candidates.filter((each) => each.role === 'primary');
  switch (wish.prefer) {
    case 'standby':
      return draw(replicas, wish, random);
    case 'prefer-standby':
      return draw(replicas, wish, random) ?? draw(primaries, wish, random);
    case 'any':
      return draw(
        candidates.filter((each) => each.role === 'primary' || replicas.includes(each)),
        wish,
        random,
      );
  }
}

function isFreshEnough(
  { bytes, ms }: Lag,
  { maxLagBytes = Infinity, maxLagMs = Infinity }: ReadWish,
): boolean {
  return bytes <= maxLagBytes && ms <= maxLagMs;
}

/**
 * The less loaded of two drawn at random: nearly as even as looking at all of them, and processes that see the same state do
 * not all fall on the same member. https://www.eecs.harvard.edu/~michaelm/postscripts/mythesis.pdf
 */
function draw<C extends ReadCandidate>(
  candidates: readonly C[],
  { order }: ReadWish,
  random: Random,
): C | undefined {
  const { length } = candidates;
  if (order === 'listed' || length < 2) return candidates[0];
  const first = Math.floor(random.next() * length);
  const second = (first + 1 + Math.floor(random.next() * (length - 1))) % length;
  const [a, b] = [candidates[first], candidates[second]];
  return a && b && b.load < a.load ? b : a;
}

/** One line for errors and logs: what each member last said. */
export function describeSearch(topology: Topology): string {
  const members = [...topology.members].map(([key, member]) => {
    return `${key} ${member.role}${member.reason ? ` (${member.reason})` : ''}`;
  });
  return members.length === 0 ? 'no member is known' : members.join(', ');
}

/** The same for a health page: undefined while somebody leads, and where no member has given a reason not to. */
export function searchTrouble(topology: Topology): string | undefined {
  if (topology.leadership.at === 'following') return undefined;
  const refused = [...topology.members.values()].some(({ reason }) => reason !== undefined);
  return refused ? describeSearch(topology) : undefined;
}
