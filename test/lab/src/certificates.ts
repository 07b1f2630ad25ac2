import { chmodSync, mkdirSync } from 'node:fs';
import { BALANCER, managedHostname, paths, type Blueprint } from './blueprint.ts';
import { createAuthority, openAuthority, type CertificateRequest } from './tls/authority.ts';

/** What a host's certificate is good for: its addresses and both managed hostnames. */
export function certificateRequest(blueprint: Blueprint, name: string): CertificateRequest {
  const host = blueprint.hosts.find((each) => each.name === name);
  const { credentials, id, balancerIp } = blueprint;
  return {
    commonName: name,
    hostnames: [name, managedHostname(id, 'postgres'), managedHostname(id, 'redis')],
    ips: host ? [host.ip, host.redisIp] : [balancerIp],
    ...(credentials && { owner: credentials }),
  };
}

/** The lab's authority and a certificate for each host and the load balancer. */
export async function createCertificates(blueprint: Blueprint): Promise<void> {
  const dir = paths.certificates(blueprint.dir);
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o755);
  const authority = await createAuthority(dir);
  const names = [...blueprint.hosts.map(({ name }) => name), BALANCER];
  await Promise.all(names.map((name) => authority.issue(certificateRequest(blueprint, name))));
}

/** Replaces a host's certificate by one with another end; whoever serves it must be told to read it again. */
export async function reissue(blueprint: Blueprint, name: string, notAfter?: Date): Promise<void> {
  const authority = await openAuthority(paths.certificates(blueprint.dir));
  await authority.issue({ ...certificateRequest(blueprint, name), ...(notAfter && { notAfter }) });
}
