import type { EnvChoice, Lab, LabDescription, LinkProxy } from '@steadfast/lab';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access, ClientSpec } from '../clients/client.ts';
import type { CampaignFault } from '../faults/campaign-fault.ts';
import { RestProxy } from './rest-proxy.ts';

/** Proxies before everything that a client of a linked fault dials: HAProxy and the members. */
export interface Links {
  readonly haproxy: LinkProxy;
  readonly members: ReadonlyMap<string, LinkProxy>;
}

/** How clients reach the lab in a fault: straight, or through what can be made to misbehave. */
export class Ways {
  readonly links: Links | undefined;
  readonly rest: readonly RestProxy[];
  readonly passwordFile: string | undefined;

  static async open(lab: Lab, fault: CampaignFault, folder: string): Promise<Ways> {
    const links = fault.linked ? await openLinks(lab) : undefined;
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
    return this.links ? [this.links.haproxy, ...this.links.members.values()] : [];
  }

  setPassword(password: string): void {
    if (this.passwordFile !== undefined) writeFileSync(this.passwordFile, password, { mode: 0o600 });
  }

  async close(): Promise<void> {
    for (const each of this.rest) each.close();
    for (const proxy of this.proxies) await proxy.close();
  }
}

async function openLinks(lab: Lab): Promise<Links> {
  const { postgres } = lab.description;
  if (!postgres?.haproxy) throw new Error('links need PostgreSQL and HAProxy');
  const { host, primaryPort: port } = postgres.haproxy;
  const members = new Map<string, LinkProxy>();
  for (const { name, ...at } of postgres.members)
    members.set(name, await lab.proxy({ host: at.host, port: at.port }));
  return { haproxy: await lab.proxy({ host, port }), members };
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
  if (!ours) return { description, deadlineMs, env: {} };
  if (library === 'redis') {
    const env = lab.env({ redis: way === 'managed' ? 'managed' : 'sentinel' });
    const dnsServer = description.redis?.managed?.dnsServer;
    const named = way === 'managed' && dnsServer;
    return { description, deadlineMs, env: { ...env, ...(named && { REDIS_HA_DNS_SERVERS: dnsServer }) } };
  }
  const env = lab.env({ postgres: way as NonNullable<EnvChoice['postgres']> });
  const dnsServer = description.postgres?.managed?.dnsServer;
  const asksPatroni = way === 'patroni' || way === 'haproxy';
  return {
    description,
    deadlineMs,
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
  const { host, port: primaryPort } = links.haproxy.endpoint;
  return {
    ...description,
    postgres: {
      ...postgres,
      haproxy: { ...postgres.haproxy, host, primaryPort },
      members: postgres.members.map((member) => ({ ...member, ...links.members.get(member.name)?.endpoint })),
    },
  };
}
