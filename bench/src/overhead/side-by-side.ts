import type { Stretch } from '../measure.ts';
import { ratioOf } from '../ratio.ts';
import type { RatioResult } from '../result.ts';
import { PeerProcess } from './peer-process.ts';
import type { Access, Peer } from './peers.ts';

export interface Plan {
  readonly target: string;
  readonly workload: string;
  readonly callers: readonly number[];
  readonly repetitions: number;
  readonly operations: number;
  readonly seed: number;
  /** the least ratio of throughput that is wanted of one pair at so many callers */
  readonly goal: (ours: string, other: string, callers: number) => number | undefined;
}

export interface SideBySide {
  readonly ratios: RatioResult[];
  /** who could not be measured, and why */
  readonly notes: string[];
}

/** Every client, in a process of its own, does the same in turn, in an order that changes: what is compared was measured within the same seconds. */
export async function sideBySide(peers: readonly Peer[], access: Access, plan: Plan): Promise<SideBySide> {
  const { clients, notes } = await openAll(peers, access);
  try {
    const ratios: RatioResult[] = [];
    for (const callers of plan.callers) ratios.push(...(await compareAt(clients, callers, plan)));
    return { ratios, notes };
  } finally {
    await Promise.all([...clients.values()].map((client) => client.close()));
  }
}

type Clients = Map<Peer, PeerProcess>;

async function openAll(
  peers: readonly Peer[],
  access: Access,
): Promise<{ clients: Clients; notes: string[] }> {
  const clients: Clients = new Map();
  const notes: string[] = [];
  for (const peer of peers) {
    try {
      clients.set(peer, await PeerProcess.open(peer, access));
    } catch (error) {
      notes.push(`${peer.name} is not measured: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  return { clients, notes };
}

async function compareAt(clients: Clients, callers: number, plan: Plan): Promise<RatioResult[]> {
  const stretch = (client: PeerProcess): Promise<Stretch> =>
    client.stretch(callers, Math.max(plan.operations, callers));
  const measured = new Map<Peer, Stretch[]>();
  for (const [peer, client] of clients) {
    await stretch(client); // warm-up
    measured.set(peer, []);
  }
  for (let n = 0; n < plan.repetitions; n++) {
    const order = [...clients];
    for (const [peer, client] of n % 2 ? order.toReversed() : order)
      measured.get(peer)?.push(await stretch(client));
  }
  const results: RatioResult[] = [];
  for (const [ours, mine] of measured) {
    for (const [other, theirs] of measured)
      if (ours.ours && !other.ours)
        results.push(...ratios(ours.name, mine, other.name, theirs, callers, plan));
  }
  return results;
}

/** Throughput and CPU of one pair. */
function ratios(
  ours: string,
  mine: readonly Stretch[],
  other: string,
  theirs: readonly Stretch[],
  callers: number,
  { target, workload, seed, goal }: Plan,
): RatioResult[] {
  const of = (what: 'throughput' | 'cpu', figure: (one: Stretch) => number): RatioResult => {
    const pairs = mine.flatMap((one, n) => {
      const its = theirs[n];
      return its ? [[figure(one), figure(its)] as const] : [];
    });
    const wanted = what === 'throughput' ? goal(ours, other, callers) : undefined;
    return {
      name: `${ours} / ${other}`,
      ours,
      other,
      target,
      workload,
      callers,
      of: what,
      ...ratioOf(pairs, seed),
      pairs: pairs.length,
      ...(wanted === undefined ? {} : { goal: wanted }),
    };
  };
  return [of('throughput', ({ perSecond }) => perSecond), of('cpu', ({ cpuMicros }) => cpuMicros)];
}
