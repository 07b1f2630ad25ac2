import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lab } from '@steadfast/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RestProxy, type RestBehaviour } from './rest-proxy.ts';

const CLUSTER = {
  members: [
    { name: 'h1', role: 'leader', api_url: 'http://10.0.0.1:8008/patroni' },
    { name: 'h2', role: 'replica', api_url: 'http://10.0.0.2:8008/patroni' },
  ],
};
let patroni: Server;
let proxies: RestProxy[] = [];

beforeAll(async () => {
  patroni = createServer((_, response) => response.end(JSON.stringify(CLUSTER))).listen(0, '127.0.0.1');
  await new Promise((resolve) => patroni.once('listening', resolve));
  const patroniUrl = `http://127.0.0.1:${(patroni.address() as AddressInfo).port}`;
  const members = ['h1', 'h2'].map((name) => ({ name, host: '10.0.0.1', port: 5432, patroniUrl }));
  proxies = await RestProxy.openAll({ description: { postgres: { members } } } as unknown as Lab);
});
afterAll(() => {
  for (const each of proxies) each.close();
  patroni.close();
});

async function says(index: number, behaviour: RestBehaviour): Promise<{ status: number; text: string }> {
  const proxy = proxies[index];
  if (!proxy) throw new Error(`there is no proxy ${index}`);
  proxy.behaviour = behaviour;
  const response = await fetch(`${proxy.url}/cluster`);
  return { status: response.status, text: await response.text() };
}

const leaders = (text: string): string[] =>
  (JSON.parse(text) as typeof CLUSTER).members
    .filter(({ role }) => role === 'leader')
    .map(({ name }) => name);

it('passes on what Patroni says, with the proxies as the members’ own addresses', async () => {
  const { text } = await says(0, 'passes');
  expect(leaders(text)).toEqual(['h1']);
  const addresses = (JSON.parse(text) as typeof CLUSTER).members.map((member) => member.api_url);
  expect(addresses).toEqual(proxies.map(({ url }) => `${url}/patroni`));
});

it('names each member as the leader where it is vain', async () => {
  expect(leaders((await says(0, 'vain')).text)).toEqual(['h1']);
  expect(leaders((await says(1, 'vain')).text)).toEqual(['h2']);
});

it('goes on to say what it said last where it is stale', async () => {
  await says(0, 'passes');
  CLUSTER.members.reverse();
  const fresh = await says(1, 'passes');
  const stale = await says(0, 'stale');
  CLUSTER.members.reverse();
  expect(fresh.text.indexOf('h2')).toBeLessThan(fresh.text.indexOf('h1'));
  expect(stale.text.indexOf('h1')).toBeLessThan(stale.text.indexOf('h2'));
});

it('can fail, send too much, or send what is no cluster', async () => {
  expect((await says(0, 'fails')).status).toBe(503);
  expect((await says(0, 'oversized')).text.length).toBeGreaterThan(1 << 20);
  const wrong = [await says(0, 'wrong'), await says(0, 'wrong'), await says(0, 'wrong')];
  expect(new Set(wrong.map(({ text }) => text)).size).toBe(3);
});
