import type { CallKind, Result } from '../client/call.ts';
import type { Server } from '../world/server.ts';
import type { World } from '../world/world.ts';

/** A call that is over. */
export interface Ended {
  readonly work: number;
  readonly kind: CallKind;
  readonly result: Result;
}

/** All that is known when a schedule has been played. */
export interface Evidence {
  world: World;
  /** nothing confirmed can have been lost, and no work with a proof doubled: the servers themselves see to that */
  exact: boolean;
  calls: readonly { kind: CallKind }[];
  ended: readonly Ended[];
  /** who leads in the end, and whose log is the truth; undefined where no server loses nothing (Redis) */
  leader: Server | undefined;
}

/** P5 and P6: what callers were told, held against what the servers have. */
export function judge({ world, exact, calls, ended, leader }: Evidence): void {
  if (world.violation) return;
  calls.forEach(({ kind }, work) => {
    const applied = world.ledger.applied(work);
    if (kind === 'write' && applied > 1)
      world.violate('doubled', `work ${work}, a plain write, is applied ${applied} times`);
    if (kind === 'read' && applied > 0) world.violate('doubled', `work ${work}, a read, is applied`);
  });
  if (!exact || !leader) return;
  const counts = new Map<number, number>();
  for (const { kind, work } of leader.log)
    if (kind !== 'claim') counts.set(work, (counts.get(work) ?? 0) + 1);
  for (const { work, kind, result } of ended) {
    const count = counts.get(work) ?? 0;
    if (kind !== 'read' && result.is === 'ok' && count === 0)
      world.violate('lost', `work ${work} (${kind}) was acknowledged, and is not there`);
    if (kind === 'proof' && count > 1)
      world.violate('doubled', `work ${work}, which carries a proof, is there ${count} times`);
    if (kind === 'proof' && result.is === 'failed' && result.outcome !== 'unknown' && count > 0)
      world.violate('outcome', `work ${work}, which carries a proof, ended ${result.outcome}, and is there`);
  }
}
