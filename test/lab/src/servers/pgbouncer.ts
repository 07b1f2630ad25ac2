import { APP_USER, BALANCER, paths, type Blueprint } from '../blueprint.ts';
import type { ServerSpec } from '../process/server.ts';
import { hosted } from './hosted.ts';
import { writeConfig } from './write-config.ts';

/** Transaction mode, behind HAProxy's primary port. */
export function pgbouncerSpec(blueprint: Blueprint): ServerSpec {
  const spec = hosted(blueprint, BALANCER, { server: 'pgbouncer', command: 'pgbouncer', args: ['-q'] });
  const { ports, balancerIp, secrets } = blueprint;
  const { certFile, keyFile } = paths.certificate(blueprint.dir, BALANCER);
  const users = writeConfig(blueprint, BALANCER, 'pgbouncer', 'users.txt', [
    `"${APP_USER}" "${secrets.app}"`,
  ]);
  const file = writeConfig(blueprint, BALANCER, 'pgbouncer', 'pgbouncer.ini', [
    '[databases]',
    `* = host=${balancerIp} port=${ports.haproxyPrimary}`,
    '[pgbouncer]',
    `listen_addr = ${balancerIp}`,
    `listen_port = ${ports.pgbouncer}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    'max_client_conn = 1000',
    'default_pool_size = 20',
    // A failed login to the server is tried again soon, so that a failover is not prolonged by its default of 15 s.
    'server_login_retry = 1',
    'client_tls_sslmode = allow',
    `client_tls_cert_file = ${certFile}`,
    `client_tls_key_file = ${keyFile}`,
    'ignore_startup_parameters = extra_float_digits,options',
    'log_connections = 0',
    'log_disconnections = 0',
  ]);
  return { ...spec, args: ['-q', file] };
}
