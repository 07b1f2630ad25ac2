import type { Anomaly } from '../verdict.ts';
import { componentsOf } from './components.ts';
import type { Dependency, DependencyKind } from './dependencies.ts';
import type { Transaction } from './operation.ts';

/**
 * Cycles by what they are made of, as Adya names them. Each name needs an edge of its own kind, which the one before it
 * does not have; a cycle of the names before is found by their own search.
 */
const NAMED: readonly { name: string; kinds: readonly DependencyKind[]; needs: DependencyKind }[] = [
  { name: 'G0', kinds: ['ww'], needs: 'ww' },
  { name: 'G1c', kinds: ['ww', 'wr'], needs: 'wr' },
  { name: 'G2', kinds: ['ww', 'wr', 'rw'], needs: 'rw' },
];

/** One short cycle for each knot of transactions that no serial order explains. */
export function cyclesIn(dependencies: readonly Dependency[]): Anomaly[] {
  return NAMED.flatMap(({ name, kinds, needs }) => {
    const edges = dependencies.filter(({ kind }) => kinds.includes(kind));
    const outOf = Map.groupBy(edges, ({ from }) => from);
    const componentOf = componentsOf(edges);
    const isInside = ({ from, to }: Dependency): boolean => componentOf.get(from) === componentOf.get(to);
    const shown = new Set<number | undefined>();
    return edges.flatMap((edge) => {
      const component = componentOf.get(edge.from);
      if (edge.kind !== needs || !isInside(edge) || shown.has(component)) return [];
      shown.add(component);
      const cycle = [edge, ...pathOf(edge.to, edge.from, (at) => (outOf.get(at) ?? []).filter(isInside))];
      const what = cycle.map(({ from, kind, key }) => `${from.id} -${kind} ${key}->`).join(' ');
      return [{ name, calls: cycle.map(({ from }) => from.id), what: `${what} ${edge.from.id}` }];
    });
  });
}

/** The shortest way, breadth first. There is one: both are in the same component. */
function pathOf(
  from: Transaction,
  to: Transaction,
  next: (at: Transaction) => readonly Dependency[],
): Dependency[] {
  const reachedBy = new Map<Transaction, Dependency | undefined>([[from, undefined]]);
  for (const at of reachedBy.keys()) {
    if (at === to) break;
    for (const edge of next(at)) if (!reachedBy.has(edge.to)) reachedBy.set(edge.to, edge);
  }
  const path: Dependency[] = [];
  for (let edge = reachedBy.get(to); edge; edge = reachedBy.get(edge.from)) path.unshift(edge);
  return path;
}
