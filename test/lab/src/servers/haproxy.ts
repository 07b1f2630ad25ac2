import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BALANCER, paths, type Blueprint } from '../blueprint.ts';
import type { Settings } from '../options.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { writeConfig } from './write-config.ts';

/** Where its runtime API listens. */
export function haproxyAdminSocket(blueprint: Blueprint): string {
  return join(paths.data(blueprint, BALANCER, 'haproxy'), 'admin.sock');
}

export function haproxySpec(blueprint: Blueprint, settings: Exclude<Settings['haproxy'], false>): ServerSpec {
  const spec = hosted(blueprint, BALANCER, { server: 'haproxy', command: 'haproxy', args: [] });
  const { ports, balancerIp } = blueprint;
  const { interMs, fastinterMs, downinterMs, fall, rise } = settings;
  const check = `check port ${ports.patroni}${checkTls(blueprint)}`;
  const backend = (path: string): string[] => [
    `  option httpchk OPTIONS ${path}`,
    '  http-check expect status 200',
    `  default-server inter ${interMs} fastinter ${fastinterMs} downinter ${downinterMs} fall ${fall} rise ${rise} on-marked-down shutdown-sessions`,
    ...blueprint.hosts.map(({ name, ip }) => `  server ${name} ${ip}:${ports.postgres} ${check}`),
  ];
  const file = writeConfig(blueprint, BALANCER, 'haproxy', 'haproxy.cfg', [
    'global',
    '  maxconn 2000',
    `  stats socket ${haproxyAdminSocket(blueprint)} mode 600 level admin`,
    '  log stdout format raw local0 info',
    'defaults',
    '  mode tcp',
    '  log global',
    '  option log-health-checks',
    '  option dontlog-normal',
    '  retries 2',
    '  timeout connect 4s',
    '  timeout client 30m',
    '  timeout server 30m',
    // A frozen member accepts the check and never answers it.
    '  timeout check 1s',
    'listen stats',
    `  bind ${balancerIp}:${ports.haproxyStats}`,
    '  mode http',
    '  stats enable',
    '  stats uri /',
    'listen primary',
    `  bind ${balancerIp}:${ports.haproxyPrimary}`,
    ...backend('/primary'),
    'listen replicas',
    `  bind ${balancerIp}:${ports.haproxyReplica}`,
    ...backend('/replica'),
  ]);
  return { ...spec, args: ['-db', '-f', file] };
}

/** Where Patroni's REST API asks for client certificates, HAProxy shows the balancer's. */
function checkTls(blueprint: Blueprint): string {
  if (!blueprint.settings.postgres || !blueprint.settings.postgres.restTls) return '';
  const { certFile, keyFile, caFile } = paths.certificate(blueprint.dir, BALANCER);
  const pem = writeConfig(blueprint, BALANCER, 'haproxy', 'client.pem', [
    readFileSync(certFile, 'utf8').trim(),
    readFileSync(keyFile, 'utf8').trim(),
  ]);
  return ` check-ssl verify required ca-file ${caFile} crt ${pem}`;
}
