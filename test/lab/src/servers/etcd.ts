import { mkdirSync } from 'node:fs';
import { paths, type Blueprint, type Host } from '../blueprint.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';

export function etcdUrl(blueprint: Blueprint, host: Host): string {
  return `http://${host.etcdIp}:${blueprint.ports.etcd}`;
}

export function etcdSpec(blueprint: Blueprint, host: Host): ServerSpec {
  const peer = (each: Host): string => `http://${each.etcdIp}:${blueprint.ports.etcdPeer}`;
  const dataDir = paths.data(blueprint, host.name, 'etcd');
  mkdirSync(dataDir, { recursive: true });
  const flags = {
    name: host.name,
    'data-dir': dataDir,
    'listen-peer-urls': peer(host),
    'initial-advertise-peer-urls': peer(host),
    'listen-client-urls': etcdUrl(blueprint, host),
    'advertise-client-urls': etcdUrl(blueprint, host),
    'initial-cluster': blueprint.hosts.map((each) => `${each.name}=${peer(each)}`).join(','),
    'initial-cluster-token': blueprint.id,
    'initial-cluster-state': 'new',
    'auto-compaction-retention': '1',
    // A returning member must not disturb a leader that the others see.
    'pre-vote': 'true',
    'enable-v2': 'true',
    logger: 'zap',
    'log-level': 'warn',
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return hosted(blueprint, host.name, { server: 'etcd', command: 'etcd', args });
}
