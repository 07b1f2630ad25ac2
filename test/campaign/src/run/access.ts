import type { EnvChoice, Lab, LabDescription, LinkProxy } from '@steadfast/lab';
import type { Access, ClientSpec } from '../clients/client.ts';

/** Proxies before everything that a client of a linked fault dials: HAProxy and the members. */
export interface Links {
  readonly haproxy: LinkProxy;
  readonly members: ReadonlyMap<string, LinkProxy>;
}

export async function openLinks(lab: Lab): Promise<Links> {
  const { postgres } = lab.description;
  if (!postgres?.haproxy) throw new Error('links need PostgreSQL and HAProxy');
  const { host, primaryPort: port } = postgres.haproxy;
  const members = new Map<string, LinkProxy>();
  for (const { name, ...at } of postgres.members)
    members.set(name, await lab.proxy({ host: at.host, port: at.port }));
  return { haproxy: await lab.proxy({ host, port }), members };
}

export function proxiesOf(links: Links | undefined): LinkProxy[] {
  return links ? [links.haproxy, ...links.members.values()] : [];
}

/** What a client needs to reach the lab, through the links where there are any. */
export function accessOf(
  lab: Lab,
  { name, library, ours }: ClientSpec,
  links: Links | undefined,
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
  return {
    description,
    deadlineMs,
    env: {
      ...env,
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
