import { expect, it } from 'vitest';
import { OpenLoop } from './open-loop.ts';

const S = 1e9;

it('gives every writer its rate, spread over the period, and each call once', () => {
  const loop = new OpenLoop(2, 10, 0);
  const seen = Array.from({ length: 101 }, (_, ms10) => loop.due((ms10 / 100) * S)).flat();
  const names = seen.map(({ writer, n }) => `${writer}-${n}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.startsWith('0-'))).toHaveLength(11);
  expect(names.filter((name) => name.startsWith('1-'))).toHaveLength(10);
});

it('makes up for what a late look has missed', () => {
  const loop = new OpenLoop(1, 10, 0);
  expect(loop.due(0)).toHaveLength(1);
  expect(loop.due(S)).toHaveLength(10);
  expect(loop.due(S)).toHaveLength(0);
});
