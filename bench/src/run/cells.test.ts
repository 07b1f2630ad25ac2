import { describe, expect, it } from 'vitest';
import { workloads } from '../workloads/registry.ts';
import { parseTarget } from '../targets/parse-target.ts';
import { cellsOf, type CellOptions } from './cells.ts';

const OPTIONS: CellOptions = {
  callers: 32,
  perSecond: 200,
  repetitions: 3,
  pairRepetitions: 5,
  stock: true,
};
const chosen = workloads
  .filter(({ name }) => ['kv', 'connect'].includes(name))
  .map((workload) => ({ given: workload.name, workload }));

const said = (url: string, options: Partial<CellOptions> = {}): string[] =>
  cellsOf([parseTarget(`t=${url}`)], chosen, { ...OPTIONS, ...options }).map(
    ({ key, repetitions, pair }) => `${key} × ${repetitions}${pair === undefined ? '' : ' paired'}`,
  );

describe('what is measured', () => {
  it.each([
    [
      'capacity beside the stock client, and latency',
      'postgres://h/d',
      {},
      [
        't pg-ha kv closed × 5 paired',
        't pg kv closed × 5 paired',
        't pg-ha kv open × 3',
        't pg-ha connect closed × 5 paired',
        't pg connect closed × 5 paired',
      ],
    ],
    [
      'ours alone where a stock client finds no primary',
      'postgres://h1,h2/d?strategy=hosts',
      {},
      ['t pg-ha kv closed × 3', 't pg-ha kv open × 3', 't pg-ha connect closed × 3'],
    ],
    [
      'ours alone where that is wanted',
      'redis://h',
      { stock: false },
      ['t redis-ha kv closed × 3', 't redis-ha kv open × 3', 't redis-ha connect closed × 3'],
    ],
    [
      'pairs for some workloads alone',
      'redis://h',
      { pairsOf: ['kv'] },
      [
        't redis-ha kv closed × 5 paired',
        't ioredis kv closed × 5 paired',
        't redis-ha kv open × 3',
        't redis-ha connect closed × 3',
      ],
    ],
  ])('is %s', (_, url, options, cells) => {
    expect(said(url, options)).toEqual(cells);
  });

  it('never dials with so many at once that the queue of the server is measured', () => {
    const loops = cellsOf([parseTarget('t=redis://h')], chosen, OPTIONS).map(({ workload, loop }) => [
      workload,
      loop,
    ]);
    expect(loops).toContainEqual(['connect', { kind: 'closed', callers: 4 }]);
  });
});
