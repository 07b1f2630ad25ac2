import { expect, it } from 'vitest';
import { checkBounds, type Bound } from './bounds.ts';
import type { Sample } from './history.ts';
import type { Verdict } from './verdict.ts';

/** A sample each half second. */
function samples(name: string, values: readonly number[]): Sample[] {
  return values.map((value, index) => ({ event: 'sample', at: index * 500e6, values: { [name]: value } }));
}

it.each<[string, Bound, number[], Verdict, number | undefined]>([
  ['stays at its bound', { most: 5 }, [1, 5, 2], 'valid', 5],
  ['is beyond it once', { most: 5 }, [1, 6, 2], 'invalid', 6],
  ['is never measured', { most: 5 }, [], 'unknown', undefined],
  ['rises as fast as it may', { mostPerSecond: 10 }, [0, 5, 10, 15], 'valid', 10],
  ['rises too fast', { mostPerSecond: 10 }, [0, 0, 0, 6, 11, 11], 'invalid', 11],
  [
    'rises too fast in a second of which a half was quiet',
    { mostPerSecond: 10 },
    [0, 0, 12, 12],
    'invalid',
    12,
  ],
  ['is measured too briefly for a rate', { mostPerSecond: 10 }, [0, 99], 'unknown', undefined],
])('a value that %s', (_, bound, values, verdict, highest) => {
  const report = checkBounds(samples('dials', values), { dials: bound });
  expect([report.verdict, report.highest['dials']]).toEqual([verdict, highest]);
  expect(report.anomalies.map(({ name }) => name)).toEqual(verdict === 'invalid' ? ['dials'] : []);
  expect(report.missing).toEqual(verdict === 'unknown' ? ['dials'] : []);
});

it('a value without a bound may be anything', () => {
  expect(checkBounds(samples('heap', [1e9]), {}).verdict).toBe('valid');
});
