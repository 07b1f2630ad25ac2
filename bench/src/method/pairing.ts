import { seededRandom } from '@steadfast/shared';

/** Something that is measured, a number of times. */
export interface Cell {
  readonly key: string;
  readonly repetitions: number;
  /** cells of the same pair are measured one right after the other, and may be compared */
  readonly pair?: string;
}

export interface Turn<C extends Cell> {
  readonly cell: C;
  /** from 1 */
  readonly repetition: number;
}

/**
 * The order of a run: all cells once before any comes again, so that slow changes of the machine fall on all alike; within a
 * round drawn from the seed, pairs side by side with either first.
 */
export function interleaved<C extends Cell>(cells: readonly C[], seed: number): Turn<C>[] {
  const random = seededRandom(seed);
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ item, rank: random.next() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  const rounds = Math.max(0, ...cells.map(({ repetitions }) => repetitions));
  return Array.from({ length: rounds }, (_, n) => n + 1).flatMap((repetition) => {
    const due = cells.filter(({ repetitions }) => repetitions >= repetition);
    const groups = [...Map.groupBy(due, ({ pair, key }) => pair ?? key).values()];
    return shuffled(groups).flatMap((group) => shuffled(group).map((cell) => ({ cell, repetition })));
  });
}

/** A figure of one repetition of a cell. */
export interface Figure {
  readonly pair: string | undefined;
  readonly repetition: number;
  readonly value: number;
}

/**
 * Pairs of figures that were measured side by side. What was not measured together is not compared: that throws, naming
 * both.
 */
export function pairsOf(
  ours: readonly Figure[],
  other: readonly Figure[],
): (readonly [ours: number, other: number])[] {
  const [pair] = new Set([...ours, ...other].map((figure) => figure.pair));
  if ([...ours, ...other].some((figure) => figure.pair === undefined || figure.pair !== pair)) {
    const names = [...new Set([...ours, ...other].map((figure) => figure.pair ?? 'measured alone'))];
    throw new Error(`cannot compare what was not measured together: ${names.join(', ')}`);
  }
  return ours.flatMap(({ repetition, value }) => {
    const beside = other.find((figure) => figure.repetition === repetition);
    return beside ? [[value, beside.value] as const] : [];
  });
}
