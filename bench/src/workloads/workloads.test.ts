import { describe, expect, test } from 'vitest';
import { seededRandom } from '@steadfast/shared';
import { operationPicker } from './pick-operation.ts';
import { anyOf, recentOf } from './random-choice.ts';
import { workloads } from './registry.ts';
import type { Operation } from './workload.ts';

const draws = (seed: number): (() => number) => {
  const random = seededRandom(seed);
  return () => random.next();
};

describe('the registry', () => {
  test('has each name once a library', () => {
    const names = workloads.map(({ library, name }) => `${library}/${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(workloads.map((workload) => [`${workload.library}/${workload.name}`, workload] as const))(
    '%s can be run without writing',
    (_, workload) => {
      const operations: readonly Operation<never>[] = workload.operations('x', 1);
      expect(operations.some(({ readOnly }) => readOnly)).toBe(true);
    },
  );
});

describe('operationPicker', () => {
  const operation = (kind: string, weight: number, readOnly: boolean): Operation<null> => ({
    kind,
    weight,
    readOnly,
    run: () => Promise.resolve(),
  });

  test('draws by weight', () => {
    const pick = operationPicker('w', [operation('often', 3, true), operation('seldom', 1, true)], false);
    const random = draws(1);
    const often = Array.from({ length: 4_000 }, () => pick(random)).filter(({ kind }) => kind === 'often');
    expect(often.length / 4_000).toBeCloseTo(0.75, 1);
  });

  test('leaves out what has no weight, unless nothing else only reads', () => {
    const both = [operation('write', 1, false), operation('read', 0, true)];
    const random = draws(2);
    const kinds = (readOnly: boolean): Set<string> => {
      const pick = operationPicker('w', both, readOnly);
      return new Set(Array.from({ length: 100 }, () => pick(random).kind));
    };
    expect(kinds(false)).toEqual(new Set(['write']));
    expect(kinds(true)).toEqual(new Set(['read']));
  });

  test('says that nothing is left', () => {
    expect(() => operationPicker('mine', [operation('write', 1, false)], true)).toThrow(
      "workload 'mine' has nothing that only reads",
    );
  });
});

test('choices stay within their count, and the recent ones come more often', () => {
  const random = draws(3);
  const recent = Array.from({ length: 1_000 }, () => recentOf(100, random));
  expect(Math.min(...recent)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...recent)).toBeLessThan(100);
  expect(recent.filter((value) => value >= 50).length).toBeGreaterThan(700);
  expect(anyOf(5, () => 0.999999999)).toBe(4);
});
