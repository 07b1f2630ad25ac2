import { expect, it } from 'vitest';
import { componentsOf } from './components.ts';

it.each([
  ['ab bc', 'a b c'],
  ['ab ba', 'ab'],
  ['ab bc ca', 'abc'],
  ['ab ba bc cd dc', 'ab cd'],
  ['ab bc cb ad de ed ea', 'ade bc'],
  ['aa ab', 'a b'],
  ['ab ac bd cd da', 'abcd'],
])('%s falls apart into %s', (edges, expected) => {
  const componentOf = componentsOf([...edges.split(' ')].map(([from = '', to = '']) => ({ from, to })));
  const groups = Map.groupBy([...componentOf.keys()].toSorted(), (node) => componentOf.get(node));
  expect(
    [...groups.values()]
      .map((group) => group.join(''))
      .toSorted()
      .join(' '),
  ).toBe(expected);
});

it('a ring longer than the call stack is deep is one', () => {
  const length = 50_000;
  const edges = Array.from({ length }, (_, from) => ({ from, to: (from + 1) % length }));
  expect(new Set(componentsOf(edges).values()).size).toBe(1);
});
