import {
  createLogger,
  Deadline,
  DialPacer,
  DnsResolver,
  Monitor,
  opossumBreaker,
  systemClock,
  systemRandom,
  type Observation,
} from '@steadfast/shared';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { ReplicationGroup } from '../group/replication-group.ts';
import { readSettings } from '../options/settings.ts';
import { Dialer } from './dialer.ts';
import { fateOf } from './link.ts';

const [OLD, NEW] = ['127.0.0.1', '127.0.0.2'];
const MASTER = '*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n+PONG\r\n:1\r\n';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** Two servers behind one name, both of which call themselves master. @returns their port */
async function twoMasters(): Promise<number> {
  let port = 0;
  for (const address of [OLD, NEW]) {
    const server: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(MASTER));
    }).listen(port, address);
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    ends.push(() => server.close());
  }
  return port;
}

it('is led back to an old server by a name server that is late no longer than until the name is looked at again', async () => {
  const port = await twoMasters();
  const settings = readSettings({ strategy: 'managed', host: 'cache.example', port, env: {} });
  const [clock, random] = [systemClock, systemRandom];
  const late: string[] = [];
  const find = (): Promise<string[]> => Promise.resolve([late.shift() ?? NEW]);
  const name = new DnsResolver({ hostname: 'cache.example', find, clock, watchMs: 60_000 });
  const { endpoint } = settings;
  const monitor = new Monitor({
    name: 'the cache',
    clock,
    random,
    rule: 'route',
    seeds: [endpoint],
    resolvers: [],
    prober: {
      probe: async (): Promise<Observation> => {
        const at = clock.now();
        const { moves } = await name.look(1_000);
        return { kind: 'self', endpoint, role: 'primary', epoch: moves, at };
      },
      rest: () => undefined,
      close: () => undefined,
    },
    refreshMs: 60_000,
    searchMinMs: 20,
    searchMaxMs: 100,
    probeTimeoutMs: 1_000,
    resolveTimeoutMs: 1_000,
  });
  ends.push(() => monitor.close());
  const breaker = opossumBreaker({ name: 'x', threshold: 1, resetMs: 1, counts: () => false });
  const group = {
    settings: { ...settings, lookup: undefined, find },
    monitor: monitor.seat({ clock, breaker, maxWaiting: 10 }),
    pacer: new DialPacer(clock, random, { concurrency: 1 }),
    log: createLogger('redis-ha', 'silent', undefined, {}),
    dns: name,
  } as unknown as ReplicationGroup;
  const dialer = new Dialer(() => group, {
    unlinked: () => undefined,
    refused: () => undefined,
    dial: (_primary, dial) => dial(),
  });
  ends.push(() => dialer.disconnect());
  await group.monitor.whenPrimary(Deadline.after(clock, 1_000));
  late.push(OLD);
  const socket = await dialer.connect();
  expect([socket.remoteAddress, dialer.link?.generation, dialer.link?.epoch]).toEqual([OLD, 2, 1]);
  monitor.suspect('the name is looked at');
  await expect.poll(() => dialer.link && fateOf(dialer.link, monitor.topology)).toBe('cut');
});
