import { describe, expect, it } from 'vitest';
import { count, duration, plural, since } from './format.ts';
import { table } from './table.ts';

describe('a table', () => {
  it('makes each column as wide as its widest cell and aligns numbers to the right', () => {
    const lines = table(
      [{ title: 'fault' }, { title: 'lost', align: 'right' }],
      [
        ['PostgreSQL crash', '0'],
        ['Redis', '12,345'],
      ],
    );
    expect(lines).toEqual([
      'fault               lost',
      '────────────────  ──────',
      'PostgreSQL crash       0',
      'Redis             12,345',
    ]);
  });

  it('stands without rows', () => {
    expect(table([{ title: 'a' }, { title: 'bc' }], [])).toEqual(['a  bc', '─  ──']);
  });
});

describe('figures', () => {
  it.each([
    [0.4, '0 ms'],
    [41.2, '41 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1_924, '1.92 s'],
    [9_994, '9.99 s'],
    [22_396, '22.4 s'],
    [-704, '-704 ms'],
  ])('%d ms reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('have separators and plurals, and line up', () => {
    expect([count(1_234_567), plural(1, 'job'), plural(0, 'job')]).toEqual(['1,234,567', '1 job', '0 jobs']);
    expect([since(40), since(22_396)]).toEqual(['  0.04 s', ' 22.40 s']);
  });
});
