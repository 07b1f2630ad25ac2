import type { Lab } from '@steadfast/lab';
import { startDns, startProxyProcess, type ProxyProcess } from '@steadfast/lab/lone';
import type { Target } from './target.ts';

export interface LabTargets {
  readonly targets: readonly Target[];
  close(): Promise<void>;
}

/** Round-trip times to a provider: in the same zone, in the same region, in a neighbouring one. */
const ROUND_TRIPS_MS = [0.5, 2, 10];
const QUICK_ROUND_TRIPS_MS = [2];
const TTL_S = 1;

/**
 * The backends of a lab, side by side: self-managed (HAProxy), hybrid (Patroni's members directly), Sentinel, and a provider's
 * stand-in, reached by name over TLS through proxies that add a round-trip time. The proxies lead to who is the primary now.
 */
export async function labTargets(lab: Lab, quick: boolean): Promise<LabTargets> {
  const proxies = await startProxyProcess();
  const dns = await startDns();
  const close = async (): Promise<void> => {
    await Promise.all([dns.close(), proxies.stop()]);
  };
  try {
    const { postgres, redis } = lab.description;
    const dnsServer = `${dns.host}:${dns.port}`;
    for (const managed of [postgres?.managed, redis?.managed])
      if (managed) dns.set(managed.hostname, ['127.0.0.1'], TTL_S);
    const roundTrips = quick ? QUICK_ROUND_TRIPS_MS : ROUND_TRIPS_MS;
    const targets = [
      ...(await selfManaged(lab, quick)),
      ...(await managedPg(lab, proxies, dnsServer, roundTrips)),
      ...(quick ? [] : await pooler(lab, proxies)),
      sentinel(lab),
      ...(await managedRedis(lab, proxies, dnsServer, roundTrips)),
    ];
    return { targets, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function primaryOf(lab: Lab, library: 'postgres' | 'redis'): Promise<{ host: string; port: number }> {
  const status = await lab.status();
  const name = library === 'postgres' ? status.postgres?.primary : status.redis?.master;
  const member = lab.description[library]?.members.find((each) => each.name === name);
  if (!member) throw new Error(`the lab has no ${library} primary`);
  return { host: member.host, port: member.port };
}

/** A quick run has time for one pair a library. */
async function selfManaged(lab: Lab, quick: boolean): Promise<Target[]> {
  const { host, port } = await primaryOf(lab, 'postgres');
  const haproxy = lab.env({ postgres: 'haproxy' });
  const patroni = lab.env({ postgres: 'patroni' });
  const direct = new URL(patroni['DATABASE_URL'] ?? '');
  direct.host = `${host}:${port}`;
  const pg = { library: 'pg', server: 'lab PostgreSQL' } as const;
  return [
    {
      ...pg,
      name: 'haproxy',
      strategy: 'haproxy',
      env: haproxy,
      stockEnv: haproxy,
      deployment: 'postgres-self-managed',
    },
    {
      ...pg,
      name: 'patroni',
      strategy: 'patroni',
      env: patroni,
      ...(!quick && { stockEnv: { DATABASE_URL: direct.href } }),
      deployment: 'postgres-hybrid',
    },
  ];
}

async function delayed(
  proxies: ProxyProcess,
  target: { host: string; port: number },
  roundTripMs: number,
): Promise<number> {
  const proxy = await proxies.create({ target, precise: true });
  await proxy.set({ latencyMs: roundTripMs / 2 });
  return proxy.endpoint.port;
}

async function managedPg(
  lab: Lab,
  proxies: ProxyProcess,
  dnsServer: string,
  roundTrips: readonly number[],
): Promise<Target[]> {
  const primary = await primaryOf(lab, 'postgres');
  return Promise.all(
    roundTrips.map(async (roundTripMs) => {
      const env = lab.env({ postgres: 'managed' });
      const url = new URL(env['DATABASE_URL'] ?? '');
      url.port = String(await delayed(proxies, primary, roundTripMs));
      return {
        name: `managed-${roundTripMs}ms`,
        library: 'pg',
        strategy: 'managed',
        server: 'lab PostgreSQL',
        env: { ...env, DATABASE_URL: url.href, PG_HA_DNS_SERVERS: dnsServer },
        addedRoundTripMs: roundTripMs,
        deployment: 'postgres-managed',
      } as const;
    }),
  );
}

/** The provider's PgBouncer. Its certificate names its address, which a proxy hides: the CA alone is verified. */
async function pooler(lab: Lab, proxies: ProxyProcess): Promise<Target[]> {
  const { postgres } = lab.description;
  if (!postgres?.pgbouncer) return [];
  const { user, password, database, pgbouncer, tls } = postgres;
  const [roundTripMs] = QUICK_ROUND_TRIPS_MS;
  const port = await delayed(proxies, pgbouncer, roundTripMs ?? 0);
  const query = `sslmode=verify-ca&sslrootcert=${encodeURIComponent(tls.caFile)}`;
  return [
    {
      name: `pooler-${roundTripMs}ms`,
      library: 'pg',
      strategy: 'managed',
      server: 'lab PostgreSQL',
      env: {
        PG_HA_STRATEGY: 'managed',
        PG_HA_POOLER: 'true',
        DATABASE_URL: `postgres://${user}:${password}@127.0.0.1:${port}/${database}?${query}`,
      },
      addedRoundTripMs: roundTripMs ?? 0,
      deployment: 'postgres-managed',
    },
  ];
}

function sentinel(lab: Lab): Target {
  const env = lab.env({ redis: 'sentinel' });
  return {
    name: 'sentinel',
    library: 'redis',
    strategy: 'sentinel',
    server: 'lab Redis',
    env,
    stockEnv: env,
    deployment: 'redis-sentinel',
  };
}

async function managedRedis(
  lab: Lab,
  proxies: ProxyProcess,
  dnsServer: string,
  roundTrips: readonly number[],
): Promise<Target[]> {
  const { host } = await primaryOf(lab, 'redis');
  const tlsPort = lab.description.redis?.managed?.port ?? 0;
  return Promise.all(
    roundTrips.map(async (roundTripMs) => {
      const env = lab.env({ redis: 'managed' });
      const url = new URL(env['REDIS_URL'] ?? '');
      url.port = String(await delayed(proxies, { host, port: tlsPort }, roundTripMs));
      return {
        name: `redis-managed-${roundTripMs}ms`,
        library: 'redis',
        strategy: 'managed',
        server: 'lab Redis',
        env: { ...env, REDIS_URL: url.href, REDIS_HA_DNS_SERVERS: dnsServer },
        addedRoundTripMs: roundTripMs,
        deployment: 'redis-managed',
      } as const;
    }),
  );
}
