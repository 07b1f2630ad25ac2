import type { EnvChoice, Lab, LabDescription, LinkProxy } from '@steadfast/lab';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access, ClientSpec, Library } from '../clients/client.ts';
import type { CampaignFault } from '../faults/campaign-fault.ts';
import { RestProxy } from './rest-proxy.ts';

/** Proxies before everything that a client of a linked fault dials, each by the `host:port` that it stands before. */
export type Links = ReadonlyMap<string, LinkProxy>;

/** How clients reach the lab in a fault: straight, or through what can be made to misbehave. */
export class Ways {
  readonly links: Links | undefined;
  readonly rest: readonly RestProxy[];
  readonly passwordFile: string | undefined;

  static async open(lab: Lab, fault: CampaignFault, folder: string): Promise<Ways> {
    const links = fault.linked ? await openLinks(lab, fault.library) : undefined;
    const ways = new Ways(
      links,
      fault.rest ? await RestProxy.openAll(lab) : [],
      fault.rotatesPassword ? join(folder, 'password') : undefined,
    );
    ways.setPassword(lab.description.postgres?.password ?? '');
    return ways;
  }

  private constructor(
    links: Links | undefined,
    rest: readonly RestProxy[],
    passwordFile: string | undefined,
  ) {
    this.links = links;
    this.rest = rest;
    this.passwordFile = passwordFile;
  }

  get proxies(): LinkProxy[] {
    return [...(this.links?.values() ?? [])];
  }

  setPassword(password: string): void {
    if (this.passwordFile !== undefined) writeFileSync(this.passwordFile, password, { mode: 0o600 });
  }

  async close(): Promise<void> {
    for (const each of this.rest) each.close();
    for (const proxy of this.proxies) await proxy.close();
  }
}

async function openLinks(lab: Lab, library: Library): Promise<Links> {
  const links = new Map<string, LinkProxy>();
  for (const { host, port } of dialled(lab.description, library))
    links.set(`${host}:${port}`, await lab.proxy({ host, port }));
  return links;
}

function dialled({ postgres, redis }: LabDescription, library: Library): { host: string; port: number }[] {
  if (library === 'redis') return redis?.members ?? [];
  if (!postgres?.haproxy) throw new Error('links need HAProxy');
  return [{ host: postgres.haproxy.host, port: postgres.haproxy.primaryPort }, ...postgres.members];
}

/** What a client needs to reach the lab, by the ways of this fault. */
export function accessOf(
  lab: Lab,
  { name, library, ours }: ClientSpec,
  { links, rest, passwordFile }: Pick<Ways, 'links' | 'rest' | 'passwordFile'>,
  deadlineMs: number,
): Access {
  const description = links ? throughLinks(lab.description, links) : lab.description;
  const way = name.split('/')[1] ?? '';
  // What the sentinels say of the members must be translated; HAProxy and lists of hosts are given as they are to be dialled.
  const natMap = library === 'redis' && links ? endpointsOf(links) : undefined;
  const reached = { description, deadlineMs, ...(natMap && { natMap }) };
  if (!ours) return { ...reached, env: {} };
  if (library === 'redis') {
    const env = lab.env({ redis: way === 'managed' ? 'managed' : 'sentinel' });
    const dnsServer = description.redis?.managed?.dnsServer;
    const named = way === 'managed' && dnsServer;
    return { ...reached, env: { ...env, ...(named && { REDIS_HA_DNS_SERVERS: dnsServer }) } };
  }
  const env = lab.env({ postgres: way as NonNullable<EnvChoice['postgres']> });
  const dnsServer = description.postgres?.managed?.dnsServer;
  const asksPatroni = way === 'patroni' || way === 'haproxy';
  return {
    ...reached,
    ...(passwordFile !== undefined && { passwordFile }),
    env: {
      ...env,
      ...(rest.length > 0 && asksPatroni && { PG_HA_PATRONI_URLS: rest.map(({ url }) => url).join(',') }),
      ...(way === 'managed' && dnsServer && { PG_HA_DNS_SERVERS: dnsServer }),
      ...(links && { PG_HA_HOSTS: hostsOf(description, way) }),
    },
  };
}

function hostsOf({ postgres }: LabDescription, way: string): string {
  const at = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;
  if (way !== 'haproxy') return (postgres?.members ?? []).map(at).join(',');
  const { host = '', primaryPort: port = 0 } = postgres?.haproxy ?? {};
  return at({ host, port });
}

function throughLinks(description: LabDescription, links: Links): LabDescription {
  const { postgres } = description;
  if (!postgres?.haproxy) return description;
  const { host, primaryPort } = postgres.haproxy;
  const through = <T extends { host: string; port: number }>(at: T): T => ({
    ...at,
    ...links.get(`${at.host}:${at.port}`)?.endpoint,
  });
  const balancer = through({ host, port: primaryPort });
  return {
    ...description,
    postgres: {
      ...postgres,
      haproxy: { ...postgres.haproxy, host: balancer.host, primaryPort: balancer.port },
      members: postgres.members.map(through),
    },
  };
}

function endpointsOf(links: Links): Record<string, { host: string; port: number }> {
  return Object.fromEntries([...links].map(([at, { endpoint }]) => [at, endpoint]));
}
