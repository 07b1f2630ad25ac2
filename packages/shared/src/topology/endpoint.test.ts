import { describe, expect, it } from 'vitest';
import { endpointKey, parseEndpoint, sameEndpoint } from './endpoint.ts';

const rows: [text: string, key: string | undefined][] = [
  ['db', 'db:5432'],
  ['db:6000', 'db:6000'],
  [' 10.0.0.1:1 ', '10.0.0.1:1'],
  ['[::1]:6000', '[::1]:6000'],
  ['[fe80::1%eth0]', '[fe80::1%eth0]:5432'],
  ['tasks.postgres', 'tasks.postgres:5432'],
  ['', undefined],
  ['db:65535', 'db:65535'],
  ['db:0', undefined],
  ['db:65536', undefined],
  ['db:port', undefined],
  ['::1', undefined],
  ['a b', undefined],
  ['user@db', undefined],
  ['http://db', undefined],
  ['db1;db2', undefined],
  ['db1,db2:6000', undefined],
  ['"db', undefined],
];

it('two endpoints are the same where host and port are', () => {
  const [a, other] = [
    { host: 'a', port: 1 },
    { host: 'a', port: 2 },
  ] as const;
  expect(sameEndpoint(a, { ...a })).toBe(true);
  expect(sameEndpoint(a, other)).toBe(false);
  expect(sameEndpoint(a, { host: 'b', port: 1 })).toBe(false);
});

describe('parseEndpoint', () => {
  for (const [text, key] of rows) {
    it(`${key === undefined ? 'refuses' : 'reads'} '${text}'`, () => {
      const endpoint = parseEndpoint(text, 5432);
      expect(endpoint && endpointKey(endpoint)).toBe(key);
    });
  }
});
