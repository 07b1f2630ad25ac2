import type { Endpoint } from '@steadfast/shared';
import type { NatMap } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { readNatMap } from './nat-map.ts';

const inside: Endpoint = { host: '10.0.0.1', port: 6379 };
const outside: Endpoint = { host: 'nat.example', port: 16_379 };
const byFunction = (found: unknown): NatMap =>
  ((key: string) => (key === '10.0.0.1:6379' ? found : null)) as NatMap;

const rows: [what: string, natMap: NatMap | undefined, endpoint: Endpoint, leadsTo: Endpoint][] = [
  ['none', undefined, inside, inside],
  ['an object', { '10.0.0.1:6379': outside }, inside, outside],
  ['an object that does not name it', { '10.0.0.1:6380': outside }, inside, inside],
  ['an object, IPv6', { '[fd00::1]:1': outside }, { host: 'fd00::1', port: 1 }, outside],
  ['a function', byFunction(outside), inside, outside],
  ['a function that says nothing', byFunction(null), inside, inside],
  ['a function that says nonsense', byFunction('x'), inside, inside],
  ['a function that names no port', byFunction({ host: 'h', port: 65_536 }), inside, inside],
];

describe('natMap', () => {
  it.each(rows)('%s', (_what, natMap, endpoint, leadsTo) => {
    expect(readNatMap(natMap)(endpoint)).toEqual(leadsTo);
  });
});
