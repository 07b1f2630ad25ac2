import type { Endpoint } from '@steadfast/shared';
import type { NatMap } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { readNatMap } from './nat-map.ts';

const inside: Endpoint = { host: '10.0.0.1', port: 6379 };
const outside: Endpoint = { host: 'nat.example', port: 16_379 };
const AS_TEXT = { host: 'nat.example', port: '16379' } as never;
const byFunction = (found: unknown): NatMap =>
  ((key: string) => (key === '10.0.0.1:6379' ? found : null)) as NatMap;

const rows: [what: string, natMap: NatMap | undefined, endpoint: Endpoint, leadsTo: Endpoint][] = [
  ['none', undefined, inside, inside],
  ['an object', { '10.0.0.1:6379': outside }, inside, outside],
  ['an object that does not name it', { '10.0.0.1:6380': outside }, inside, inside],
  ['an object, IPv6', { '[fd00::1]:1': outside }, { host: 'fd00::1', port: 1 }, outside],
  ["an object, IPv6 in ioredis's words", { 'fd00::1:1': outside }, { host: 'fd00::1', port: 1 }, outside],
  [
    'a function, IPv6',
    (key) => (key === '[fd00::1]:1' ? outside : null),
    { host: 'fd00::1', port: 1 },
    outside,
  ],
  [
    "a function, IPv6 in ioredis's words",
    (key) => (key === 'fd00::1:1' ? outside : null),
    { host: 'fd00::1', port: 1 },
    outside,
  ],
  ['an object with a port as text', { '10.0.0.1:6379': AS_TEXT }, inside, outside],
  ['a function with a port as text', byFunction(AS_TEXT), inside, outside],
  ['a function', byFunction(outside), inside, outside],
  ['a function that says nothing', byFunction(null), inside, inside],
];

describe('natMap', () => {
  it.each(rows)('%s', (_what, natMap, endpoint, leadsTo) => {
    expect(readNatMap(natMap)(endpoint)).toEqual(leadsTo);
  });

  it.each<[string, unknown]>([
    ['nonsense', 'x'],
    ['no port', { host: 'h', port: 65_536 }],
    ['a port that is no number', { host: 'h', port: '6379x' }],
    ['no host', { host: '', port: 6379 }],
  ])('a function that says %s is refused, and not passed over', (_, found) => {
    const translate = (): unknown => readNatMap(byFunction(found))(inside);
    const message = expect.stringMatching(
      /^what option natMap says of 10\.0\.0\.1:6379 is .*; allowed: /,
    ) as string;
    expect(translate).toThrow(expect.objectContaining({ code: 'HA_CONFIG', message }));
  });
});
