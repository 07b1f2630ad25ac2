import { describe, expect, it } from 'vitest';
import { interleaved, pairsOf, type Cell } from './pairing.ts';

const cell = (key: string, repetitions: number, pair?: string): Cell => ({
  key,
  repetitions,
  ...(pair !== undefined && { pair }),
});

describe('the order of a run', () => {
  const cells = [cell('a', 3), cell('b', 1), cell('ours', 3, 'p'), cell('stock', 3, 'p')];
  const turns = interleaved(cells, 7);
  const said = turns.map(({ cell: { key }, repetition }) => `${key}${repetition}`);

  it('has every repetition of every cell once', () => {
    expect(said.toSorted()).toEqual(
      ['a1', 'a2', 'a3', 'b1', 'ours1', 'ours2', 'ours3', 'stock1', 'stock2', 'stock3'].toSorted(),
    );
  });

  it('comes to no cell again before all had their turn', () => {
    expect(turns.map(({ repetition }) => repetition)).toEqual([1, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  it('keeps a pair side by side, and does not always begin with the same', () => {
    for (const n of [1, 2, 3]) expect(Math.abs(said.indexOf(`ours${n}`) - said.indexOf(`stock${n}`))).toBe(1);
    const firsts = Array.from({ length: 20 }, (_, seed) => {
      const order = interleaved(cells, seed).map(({ cell: { key } }) => key);
      return order.indexOf('ours') < order.indexOf('stock');
    });
    expect(new Set(firsts).size).toBe(2);
  });

  it('is the same for the same seed', () => {
    expect(interleaved(cells, 7)).toEqual(turns);
    expect(interleaved(cells, 8)).not.toEqual(turns);
  });
});

describe('pairsOf', () => {
  it('pairs what was measured in the same repetition', () => {
    const ours = [1, 2, 3].map((n) => ({ pair: 'p', repetition: n, value: n * 10 }));
    const other = [1, 3].map((n) => ({ pair: 'p', repetition: n, value: n }));
    expect(pairsOf(ours, other)).toEqual([
      [10, 1],
      [30, 3],
    ]);
  });

  it.each([
    ['another pair', 'q'],
    ['no pair', undefined],
  ])('refuses to compare with a figure of %s', (_, pair) => {
    const ours = [{ pair: 'p', repetition: 1, value: 1 }];
    expect(() => pairsOf(ours, [{ pair, repetition: 1, value: 1 }])).toThrow(/not measured together/);
  });
});
