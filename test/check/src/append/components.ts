interface Edge<T> {
  readonly from: T;
  readonly to: T;
}

interface Visit<T> {
  readonly node: T;
  readonly index: number;
  /** the earliest that is reached from here and still on the stack */
  low: number;
  readonly next: Iterator<Edge<T>>;
}

/**
 * The number of the strongly connected component of each node: two nodes have the same where each is reached from the
 * other. Tarjan's algorithm, with a stack of its own, since histories are longer than the call stack is deep.
 */
export function componentsOf<T>(edges: readonly Edge<T>[]): Map<T, number> {
  const outOf = Map.groupBy(edges, ({ from }) => from);
  const componentOf = new Map<T, number>();
  const indexOf = new Map<T, number>();
  const pending: T[] = [];
  const enter = (node: T): Visit<T> => {
    const index = indexOf.size;
    indexOf.set(node, index);
    pending.push(node);
    return { node, index, low: index, next: (outOf.get(node) ?? []).values() };
  };
  for (const root of outOf.keys()) {
    if (indexOf.has(root)) continue;
    const visits = [enter(root)];
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const step = visit.next.next();
      if (step.done) {
        visits.pop();
        leave(visit, pending, componentOf);
        const parent = visits.at(-1);
        if (parent) parent.low = Math.min(parent.low, visit.low);
        continue;
      }
      const { to } = step.value;
      const index = indexOf.get(to);
      if (index === undefined) visits.push(enter(to));
      else if (!componentOf.has(to)) visit.low = Math.min(visit.low, index);
    }
  }
  return componentOf;
}

/** Nothing earlier is reached from here: what came since is one component. */
function leave<T>({ node, index, low }: Visit<T>, pending: T[], componentOf: Map<T, number>): void {
  if (low < index) return;
  const component = componentOf.size;
  for (let popped = pending.pop(); popped !== undefined; popped = pending.pop()) {
    componentOf.set(popped, component);
    if (popped === node) break;
  }
}
