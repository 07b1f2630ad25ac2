import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDns, type DnsServer } from '../dns/dns-server.ts';
import { monotonicMs } from '../monotonic.ts';
import { createProxyServer, type ProxyServer } from '../proxy/proxy-server.ts';
import type { LabDescription } from '../types.ts';
import { startObservers, type LabObservers } from './observers.ts';
import {
  PASSWORD,
  promote,
  removeFolder,
  serverFolder,
  startPostgres,
  type TestServer,
} from './test-servers.ts';

let folder: string;
let [m1, m2]: TestServer[] = [];
let dns: DnsServer;
/** Stands for HAProxy: it leads where it is told to. */
let route: ProxyServer;
let description: LabDescription;
let observers: LabObservers;

beforeAll(async () => {
  folder = await serverFolder('pg');
  m1 = await startPostgres(folder, 'm1');
  m2 = await startPostgres(folder, 'm2', m1);
  dns = await startDns();
  dns.set('db.lab', ['10.0.0.1'], 1);
  route = await createProxyServer({ target: m1 });
  const { host, port } = route.endpoint;
  description = {
    id: 'test',
    dir: folder,
    logDir: folder,
    network: 'loopback',
    hosts: [],
    postgres: {
      members: [m1, m2].map((each) => ({
        name: each.name,
        host: each.host,
        port: each.port,
        patroniUrl: '',
      })),
      ...{ database: 'postgres', user: 'postgres', password: PASSWORD },
      ...{ superuser: 'postgres', superuserPassword: PASSWORD },
      haproxy: { host, primaryPort: port, replicaPort: port, statsPort: port },
      tls: { caFile: '' },
      managed: {
        user: 'app',
        password: PASSWORD,
        hostname: 'db.lab',
        port: 1,
        dnsServer: `${dns.host}:${dns.port}`,
      },
    },
  };
  observers = await startObservers(description);
});
afterAll(async () => {
  await observers?.stop();
  await route?.close();
  await dns?.close();
  await m1?.stop();
  await m2?.stop();
  await removeFolder(folder);
});

async function onMember<T>(server: TestServer, work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port } = server;
  const client = new Client({ host, port, user: 'postgres', password: PASSWORD, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function server(which: TestServer | undefined): TestServer {
  if (!which) throw new Error('the server was not started');
  return which;
}

describe('the observers of PostgreSQL', () => {
  it('see at the start who accepts writes, who answers through HAProxy, and whom DNS names', async () => {
    const events = await observers.events();
    expect(events).toContainEqual({ kind: 'pg-writable', at: expect.any(Number), member: 'm1', timeline: 1 });
    expect(events).toContainEqual({ kind: 'haproxy-routes', at: expect.any(Number), member: 'm1' });
    expect(events).toContainEqual({
      ...{ kind: 'dns-says', at: expect.any(Number), which: 'postgres', member: '10.0.0.1' },
    });
    expect(events.length).toBe(3);
  });

  it('write for real, every 10 ms', async () => {
    const writes = (client: Client): Promise<number> =>
      client.query('SELECT sum(writes)::int AS n FROM lab_observer').then(({ rows }) => Number(rows[0]?.n));
    const before = await onMember(server(m1), writes);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const perSecond = (await onMember(server(m1), writes)) - before;
    expect(perSecond).toBeGreaterThan(60);
    expect(perSecond).toBeLessThan(110);
  });

  it('see a new DNS answer', async () => {
    const since = monotonicMs();
    dns.set('db.lab', ['10.0.0.2'], 1);
    const seen = await observers.waitFor({ kind: 'dns-says', since, member: '10.0.0.2' }, 1_000);
    expect(seen.at - since).toBeLessThan(200);
  });

  it('call a frozen primary not writable, and writable again when it thaws', async () => {
    const since = monotonicMs();
    await server(m1).signal('SIGSTOP');
    const frozen = await observers.waitFor({ kind: 'pg-not-writable', since, member: 'm1' }, 2_000);
    expect(frozen.kind === 'pg-not-writable' && frozen.lastWriteAt - since).toBeLessThan(50);
    expect(frozen.at - since).toBeGreaterThan(250);
    const thawed = monotonicMs();
    await server(m1).signal('SIGCONT');
    const again = await observers.waitFor({ kind: 'pg-writable', since: thawed, member: 'm1' }, 3_000);
    expect(again).toMatchObject({ timeline: 1 });
  });

  it('call a primary whose commits wait for a lost standby not writable, and leave no sessions behind', async () => {
    await onMember(server(m1), async (client) => {
      await client.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`);
      const since = monotonicMs();
      await client.query('SELECT pg_reload_conf()');
      await observers.waitFor({ kind: 'pg-not-writable', since, member: 'm1' }, 2_000);
      await new Promise((resolve) => setTimeout(resolve, 6_000));
      const { rows } = await client.query(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name ~ 'lab-observer-[0-9a-f]+$'`,
      );
      expect(rows[0]?.n).toBeLessThanOrEqual(2);
      const events = await observers.events();
      expect(events.filter((each) => each.kind === 'pg-writable' && each.at > since)).toEqual([]);
      await client.query('ALTER SYSTEM RESET synchronous_standby_names');
      const healed = monotonicMs();
      await client.query('SELECT pg_reload_conf()');
      await observers.waitFor({ kind: 'pg-writable', since: healed, member: 'm1' }, 3_000);
    });
  });

  it('let a second process observe the same lab', async () => {
    const second = await startObservers(description);
    try {
      expect(await second.events()).toContainEqual(
        expect.objectContaining({ kind: 'pg-writable', member: 'm1' }),
      );
    } finally {
      await second.stop();
    }
  });

  it('cost little while nothing happens', async () => {
    const before = await observers.usage();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const after = await observers.usage();
    const share = (after.cpuMs - before.cpuMs) / (after.elapsedMs - before.elapsedMs);
    console.log(`observers of two PostgreSQL members use ${(share * 100).toFixed(1)} % of a core when quiet`);
    expect(share).toBeLessThan(0.25);
  });

  it('see a failover: the old primary gone, the new one writable on its new timeline, the route moved', async () => {
    const since = monotonicMs();
    await server(m1).stop();
    const gone = await observers.waitFor({ kind: 'pg-not-writable', since, member: 'm1' }, 1_000);
    const down = await observers.waitFor({ kind: 'haproxy-down', since }, 1_000);
    await promote(server(m2));
    const writable = await observers.waitFor({ kind: 'pg-writable', since, member: 'm2' }, 10_000);
    expect(writable).toMatchObject({ timeline: 2 });
    const moved = monotonicMs();
    await route.set({ target: server(m2) });
    const routed = await observers.waitFor({ kind: 'haproxy-routes', since, member: 'm2' }, 2_000);
    console.log(
      `after the kill: not writable ${(gone.at - since).toFixed(0)} ms, HAProxy down ${(down.at - since).toFixed(0)} ms;`,
      `after the route moved: seen ${(routed.at - moved).toFixed(0)} ms`,
    );
    expect(routed.at - moved).toBeLessThan(500);
  });

  it('say what they wait for and saw last when nothing comes', async () => {
    const match = { kind: 'pg-writable', since: monotonicMs() + 1e6 } as const;
    await expect(observers.waitFor(match, 50)).rejects.toThrow(
      /pg-writable.*within 50 ms; last: .*haproxy-routes/,
    );
  });

  it('name a wrong password among their problems', async () => {
    const { postgres } = description;
    if (!postgres) throw new Error('no PostgreSQL in the description');
    const members = postgres.members.slice(1);
    const { haproxy: _, managed: __, ...rest } = postgres;
    const wrong = { ...description, postgres: { ...rest, members, superuserPassword: 'wrong' } };
    const blind = await startObservers(wrong);
    try {
      expect(await blind.events()).toEqual([]);
      const problem = { source: 'pg m2', message: expect.stringContaining('password authentication failed') };
      expect(await blind.problems()).toContainEqual(expect.objectContaining(problem));
    } finally {
      await blind.stop();
    }
  });
});
