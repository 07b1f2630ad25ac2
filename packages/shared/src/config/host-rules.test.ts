import { describe, expect, it } from 'vitest';
import { hostFilter, hostRules } from './host-rules.ts';

const given = 'db1, DB2.example.org,.internal.example.org,10.1.0.0/16,192.0.2.7,fd00:1::/32';
const rows: [host: string, allowed: boolean][] = [
  ['db1', true],
  ['DB1', true],
  ['db1.', true],
  ['db3', false],
  ['db2.example.org', true],
  ['example.org', false],
  ['a.internal.example.org', true],
  ['a.b.internal.example.org', true],
  ['internal.example.org', false],
  ['evilinternal.example.org', false],
  ['a.internal.example.org.evil.net', false],
  ['10.1.255.255', true],
  ['10.2.0.0', false],
  ['192.0.2.7', true],
  ['192.0.2.70', false],
  ['169.254.169.254', false],
  ['fd00:1::9', true],
  ['fd00:2::9', false],
  ['10.1.0.1.evil.net', false],
];

describe('hostRules', () => {
  const allows = hostFilter(hostRules().read(given) ?? []);
  for (const [host, allowed] of rows) {
    it(`${allowed ? 'allows' : 'refuses'} ${host}`, () => expect(allows(host)).toBe(allowed));
  }

  it('takes an array too', () => {
    expect(hostRules().read(['db1', ' .X '])).toEqual(['db1', '.x']);
  });

  for (const wrong of [
    '',
    ' , ',
    '10.0.0.0/33',
    '10.0.0/8',
    '999.1.1.1',
    'db1/8',
    'fd00::/129',
    'a b',
    '*.x',
    7,
    [7],
    [],
  ]) {
    it(`does not take ${JSON.stringify(wrong)}`, () => expect(hostRules().read(wrong)).toBeUndefined());
  }

  it('allows every host where there are none', () => {
    expect(hostFilter(undefined)('anybody')).toBe(true);
  });
});
