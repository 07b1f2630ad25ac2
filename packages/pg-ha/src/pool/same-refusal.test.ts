import type { PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import { SameRefusal } from './same-refusal.ts';

const at = (host: string): PoolClient => ({ endpoint: { host, port: 5432 } }) as unknown as PoolClient;
const refused = (code: string): Error => Object.assign(new Error(code), { code, severity: 'ERROR' });

const rows: [name: string, attempts: [host: string, sqlstate: string][], final: boolean[]][] = [
  [
    'a primary that stays read-only is believed the third time',
    [
      ['a', '25006'],
      ['a', '25006'],
      ['a', '25006'],
    ],
    [false, false, true],
  ],
  [
    'another server’s refusal counts from the start',
    [
      ['a', '25006'],
      ['a', '25006'],
      ['b', '25006'],
      ['b', '25006'],
    ],
    [false, false, false, false],
  ],
  [
    'other errors are no refusals',
    [
      ['a', '57P01'],
      ['a', '57P01'],
      ['a', '57P01'],
    ],
    [false, false, false],
  ],
];

describe('25006, again and again', () => {
  for (const [name, attempts, final] of rows) {
    it(name, () => {
      const refusal = new SameRefusal();
      expect(attempts.map(([host, code]) => refusal.isFinal(at(host), refused(code)))).toEqual(final);
    });
  }
});
