import { describe, expect, it } from 'vitest';
import { change, duration, interval, longDuration, short, span } from './format.ts';

describe('numbers for readers', () => {
  it.each([
    [0.423, '0.42 ms'],
    [0.999, '1.0 ms'],
    [7.14, '7.1 ms'],
    [9.96, '10 ms'],
    [41.4, '41 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1_924, '1.92 s'],
    [9_996, '10.0 s'],
    [20_900, '20.9 s'],
    [-38, '-38 ms'],
  ])('a time of %d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0.4231, '0.42'],
    [9.96, '10.0'],
    [41.44, '41.4'],
    [1_920.4, '1,920'],
  ])('%d in a column is %s', (value, text) => expect(short(value)).toBe(text));

  it.each([
    [1.042, '+4.2 %'],
    [0.877, '−12 %'],
    [1.0004, '±0.0 %'],
    [2.5, '+150 %'],
  ])('a ratio of %d is a change of %s', (ratio, text) => expect(change(ratio)).toBe(text));

  it('spans and intervals are short', () => {
    expect(span(20, 40)).toBe('20–40');
    expect(span(180, 180)).toBe('180');
    expect(interval({ median: 1.023, low: 0.98, high: 1.061 })).toBe('1.02 [0.98, 1.06]');
    expect([longDuration(52_000), longDuration(840_000), longDuration(11_520_000)]).toEqual([
      '52 s',
      '14 min',
      '3 h 12 min',
    ]);
  });
});
