import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { monotonicMs, type LabDescription } from '@steadfast/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { becomes, failure, need, postgresMember, query, sleeping } from './ask.ts';
import { withLab } from '../support/with-lab.ts';

const FLIP_DELAY_MS = 500;
const used = withLab({ managed: { flipDelayMs: FLIP_DELAY_MS } });
const description = (): LabDescription => used.lab.description;

function haproxy(): { host: string; port: number } {
  const { host, primaryPort } = need(need(description().postgres).haproxy);
  return { host, port: primaryPort };
}

async function primaryIp(): Promise<string> {
  const { primary } = need((await used.lab.status()).postgres);
  return postgresMember(description(), need(primary)).host;
}

/** What the lab's DNS server says of the managed hostname. */
async function nameSays(which: 'postgres' | 'redis' = 'postgres'): Promise<string> {
  const { hostname, dnsServer } = need(need(description()[which]).managed);
  const resolver = new Resolver({ timeout: 500, tries: 2 });
  resolver.setServers([dnsServer]);
  return (await resolver.resolve4(hostname)).join();
}

/** PostgreSQL over TLS as a managed provider's client does: verified by the hostname, at the address DNS gives. */
async function overTls(): Promise<Record<string, unknown>[]> {
  const { managed, tls } = need(description().postgres);
  const { hostname, port, user, password } = need(managed);
  const ssl = { ca: readFileSync(tls.caFile, 'utf8'), servername: hostname };
  const lab = {
    ...description(),
    postgres: { ...need(description().postgres), user: need(user), password: need(password) },
  };
  return query(lab, { host: await nameSays(), port }, 'SELECT current_user::text AS name', { ssl });
}

/** The TLS handshake with Redis at the address DNS gives. */
async function redisHandshake(): Promise<string> {
  const { hostname, port, caFile } = need(need(description().redis).managed);
  const host = await nameSays('redis');
  return new Promise((resolve) => {
    const socket = connectTls(
      { host, port, servername: hostname, ca: readFileSync(caFile), timeout: 2_000 },
      () => {
        socket.destroy();
        resolve('trusted');
      },
    );
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

afterEach(async () => {
  for (const fault of used.lab.openFaults().toReversed()) await fault.heal();
  await used.lab.waitHealthy();
}, 120_000);

describe('the managed stand-in', () => {
  it('is reached by its hostname over verified TLS, and refuses a login without', async () => {
    expect(await overTls()).toEqual([{ name: 'app' }]);
    expect(await redisHandshake()).toBe('trusted');
    const { managed } = need(description().postgres);
    const lab = {
      ...description(),
      postgres: { ...need(description().postgres), user: need(managed?.user) },
    };
    expect(await failure(query(lab, { host: await nameSays(), port: need(managed).port }, 'SELECT 1'))).toBe(
      '28000',
    );
  });

  it('is flipped to the new primary the settable time after its promotion', async () => {
    const old = await nameSays();
    expect(old).toBe(await primaryIp());
    await used.lab.fault('switchover');
    await becomes('the flip', nameSays, (ip) => ip !== old, 10_000);
    expect(await nameSays()).toBe(await primaryIp());
  });

  it('dns-flip points the name at another member until healed', async () => {
    const right = await nameSays();
    const fault = await used.lab.fault('dns-flip');
    expect(await nameSays()).toBe(postgresMember(description(), fault.target).host);
    expect(await nameSays()).not.toBe(right);
    await fault.heal();
    expect(await nameSays()).toBe(right);
  });

  it('dns-stale keeps the old answer over a switchover', async () => {
    const old = await nameSays();
    const fault = await used.lab.fault('dns-stale');
    await used.lab.fault('switchover');
    await sleep(4 * FLIP_DELAY_MS);
    expect(await nameSays()).toBe(old);
    expect(await primaryIp()).not.toBe(old);
    await fault.heal();
    expect(await nameSays()).toBe(await primaryIp());
  });

  it('cert-expired makes new connections fail as that, of PostgreSQL and of Redis, and healed they are trusted', async () => {
    const fault = await used.lab.fault('cert-expired');
    await becomes(
      'expiry',
      () => failure(overTls()),
      (end) => end === 'CERT_HAS_EXPIRED',
      5_000,
    );
    expect(await redisHandshake()).toBe('CERT_HAS_EXPIRED');
    await fault.heal();
    await becomes(
      'trust',
      () => failure(overTls()),
      (end) => end === 'none',
      5_000,
    );
    expect(await redisHandshake()).toBe('trusted');
  });
});

describe('the way to the primary', () => {
  const through = (): Promise<string> => failure(query(description(), haproxy(), 'SELECT 1'));

  it('haproxy-down refuses connections until healed', async () => {
    const fault = await used.lab.fault('haproxy-down');
    expect(await through()).toBe('ECONNREFUSED');
    await fault.heal();
    await becomes('a way', through, (end) => end === 'none', 5_000);
  });

  it('haproxy-restart cuts open connections and routes again', async () => {
    const slow = failure(query(description(), haproxy(), 'SELECT pg_sleep(2)', { timeoutMs: 4_000 }));
    await sleep(300);
    await used.lab.fault('haproxy-restart');
    expect(await slow).toMatch(/terminated|ECONNRESET/);
    await becomes('a way', through, (end) => end === 'none', 5_000);
  });
  it('too-many-connections refuses logins with 53300 until healed', async () => {
    const fault = await used.lab.fault('too-many-connections');
    const { primary } = need((await used.lab.status()).postgres);
    const login = (): Promise<string> =>
      failure(query(description(), postgresMember(description(), need(primary)), 'SELECT 1'));
    expect(await login()).toBe('53300');
    await fault.heal();
    await becomes('a login', login, (end) => end === 'none', 5_000);
  });

  it('slow-link delays a query both ways', async () => {
    const fault = await used.lab.fault('slow-link', { latencyMs: 80 });
    const since = monotonicMs();
    await query(description(), need(fault.endpoint), 'SELECT 1', { timeoutMs: 5_000 });
    // Login and query are several round trips of twice 80 ms.
    expect(monotonicMs() - since).toBeGreaterThan(4 * 80);
    await fault.heal();
    expect(await failure(query(description(), need(fault.endpoint), 'SELECT 1'))).toBe('ECONNREFUSED');
  });

  it('half-open silences a link that a proxy of the lab carries, and healed new connections answer', async () => {
    const { primary } = need((await used.lab.status()).postgres);
    const proxy = await used.lab.proxy(postgresMember(description(), need(primary)));
    const slow = failure(query(description(), proxy.endpoint, 'SELECT pg_sleep(2)', { timeoutMs: 5_000 }));
    await sleeping(description(), postgresMember(description(), need(primary)));
    const fault = await used.lab.fault('half-open', { proxy });
    expect(await slow).toMatch(/timeout/i);
    expect(await failure(query(description(), proxy.endpoint, 'SELECT 1'))).toMatch(/timeout/i);
    await fault.heal();
    expect(await failure(query(description(), proxy.endpoint, 'SELECT 1'))).toBe('none');
    await proxy.close();
  });
});

describe('the observers', () => {
  it('see a switchover: the new primary writable, HAProxy routing to it, the name saying so', async () => {
    const observers = await used.lab.observe();
    try {
      const fault = await used.lab.fault('switchover');
      const since = need(fault.events[0]).at;
      const away = { since, notMember: fault.target };
      const writable = await observers.waitFor({ kind: 'pg-writable', ...away }, 20_000);
      const routes = await observers.waitFor({ kind: 'haproxy-routes', ...away }, 20_000);
      const says = await observers.waitFor({ kind: 'dns-says', ...away }, 20_000);
      expect(routes.at).toBeGreaterThan(writable.at);
      // The flip is counted from the promotion, which the lab's controller looks for every 100 ms.
      expect(says.at - writable.at).toBeGreaterThan(FLIP_DELAY_MS - 300);
    } finally {
      await observers.stop();
    }
  });
});
