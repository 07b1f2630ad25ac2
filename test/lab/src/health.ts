import http from 'node:http';
import { APP_USER, BALANCER, MASTER_NAME, type Blueprint, type Host } from './blueprint.ts';
import { clusterMembers } from './control/patroni-rest.ts';
import { fieldsOf, redisRole, sentinelCall, sentinelView } from './control/redis-call.ts';
import { sql } from './control/sql.ts';
import { LabError } from './errors.ts';
import { eventually } from './process/wait.ts';
import { supervisorCall } from './supervisor/client.ts';

/** Waits until everything is as it should be; the error says what was not. */
export async function waitHealthy(blueprint: Blueprint, timeoutMs: number): Promise<void> {
  const { postgres, redis } = blueprint.settings;
  await Promise.all([
    postgres && eventually('PostgreSQL healthy', timeoutMs, () => postgresHealthy(blueprint), 150),
    redis && eventually('Redis healthy', timeoutMs, () => redisHealthy(blueprint), 150),
  ]);
}

/** Throws what is missing: a primary, two streaming replicas, a synchronous one, HAProxy's and the name's way to it. */
async function postgresHealthy(blueprint: Blueprint): Promise<void> {
  const { settings, hosts } = blueprint;
  const members = await clusterMembers(blueprint);
  const leader = members.find(({ role }) => role === 'leader' || role === 'master');
  const host = hosts.find(({ name }) => name === leader?.name);
  if (!leader || !host) throw new LabError('there is no leader');
  if (members.length !== hosts.length)
    throw new LabError(`${members.length} of ${hosts.length} members are known`);
  for (const { name, state } of members) {
    if (state !== 'running' && state !== 'streaming') throw new LabError(`${name} is ${state}`);
  }
  const replicas = await sql(
    blueprint,
    host,
    "SELECT application_name, sync_state FROM pg_stat_replication WHERE state = 'streaming'",
  );
  if (replicas.length !== hosts.length - 1) throw new LabError(`${replicas.length} replicas are streaming`);
  const { synchronousMode } = settings.postgres || { synchronousMode: false };
  if (synchronousMode) {
    const sync = members.find(({ role }) => role === 'sync_standby');
    const standby = replicas.find(({ sync_state: state }) => state === 'sync');
    if (!sync || standby?.['application_name'] !== sync.name)
      throw new LabError('there is no synchronous standby');
  }
  if (settings.haproxy) await haproxyRoutes(blueprint, host);
  if (settings.pgbouncer) await throughPgbouncer(blueprint, host);
  if (settings.managed) await nameSays(blueprint, 'postgres', host.ip);
}

async function haproxyRoutes(blueprint: Blueprint, primary: Host): Promise<void> {
  const csv = await haproxyStats(blueprint);
  const up = (proxy: string): string =>
    csv
      .split('\n')
      .map((line) => line.split(','))
      .filter(
        (fields) => fields[0] === proxy && /^h\d$/.test(fields[1] ?? '') && fields[17]?.startsWith('UP'),
      )
      .map((fields) => fields[1])
      .join(' ');
  const replicas = blueprint.hosts.map(({ name }) => name).filter((name) => name !== primary.name);
  if (up('primary') !== primary.name) throw new LabError(`HAProxy routes writes to '${up('primary')}'`);
  if (up('replicas') !== replicas.join(' '))
    throw new LabError(`HAProxy routes reads to '${up('replicas')}'`);
}

async function throughPgbouncer(blueprint: Blueprint, primary: Host): Promise<void> {
  const { balancerIp, ports, secrets } = blueprint;
  const as = { port: ports.pgbouncer, user: APP_USER, password: secrets.app };
  const text = 'SELECT host(inet_server_addr()) AS ip, pg_is_in_recovery() AS standby';
  const [row] = await sql(blueprint, { ip: balancerIp }, text, [], as);
  if (row?.['ip'] !== primary.ip || row['standby'] !== false)
    throw new LabError('PgBouncer leads to another member');
}

function haproxyStats(blueprint: Blueprint): Promise<string> {
  const { balancerIp, ports, names, root } = blueprint;
  const options = {
    host: balancerIp,
    port: ports.haproxyStats,
    path: '/;csv',
    timeout: 2_000,
    ...(names && { localAddress: root.data.manager }),
  };
  return new Promise((resolve, reject) => {
    const request = http.get(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 2000 ms')));
    request.on('error', (error) => reject(new LabError(`HAProxy on ${BALANCER}: ${error.message}`)));
  });
}

async function nameSays(blueprint: Blueprint, which: 'postgres' | 'redis', ip: string): Promise<void> {
  const { ip: said } = await supervisorCall(blueprint.dir, 'dnsSays', which);
  if (said !== ip) throw new LabError(`the managed name of ${which} says ${said ?? 'nothing'} and not ${ip}`);
}

/** Throws what is missing: one master that all agree on, replicas in sync, sentinels that know each other. */
async function redisHealthy(blueprint: Blueprint): Promise<void> {
  const { hosts, settings } = blueprint;
  const views = await Promise.all(hosts.map((host) => sentinelView(blueprint, host)));
  const masterIp = views[0]?.masterIp ?? '';
  for (const view of views) {
    if (view.masterIp !== masterIp) throw new LabError('the sentinels name different masters');
    if (view.flags.join(',') !== 'master')
      throw new LabError(`a sentinel sees the master as ${view.flags.join(',')}`);
    if (view.otherSentinels !== hosts.length - 1)
      throw new LabError(`a sentinel knows ${view.otherSentinels} others`);
  }
  for (const host of hosts) await notTilted(blueprint, host);
  for (const host of hosts) await replicasKnown(blueprint, host);
  await Promise.all(hosts.map((host) => inItsRole(blueprint, host, masterIp)));
  if (settings.managed) await nameSays(blueprint, 'redis', masterIp);
}

async function inItsRole(blueprint: Blueprint, host: Host, masterIp: string): Promise<void> {
  const role = await redisRole(blueprint, host);
  if (host.redisIp === masterIp) {
    if (role.role !== 'master') throw new LabError(`${host.name} is no master yet`);
    if (role.replicas !== blueprint.hosts.length - 1)
      throw new LabError(`the master feeds ${role.replicas} replicas`);
    return;
  }
  if (role.role !== 'slave' || role.masterIp !== masterIp)
    throw new LabError(`${host.name} follows another master`);
  if (!role.linkUp) throw new LabError(`${host.name} is not in sync`);
}

/** A Sentinel that was frozen trusts its clock and its eyes only 30 s later; until then it takes part in nothing. */
async function notTilted(blueprint: Blueprint, host: Host): Promise<void> {
  const info = await sentinelCall(blueprint, host, ['INFO', 'sentinel']);
  if (/^sentinel_tilt:0\r?$/m.test(String(info))) return;
  throw new LabError(`the sentinel on ${host.name} is in TILT mode`);
}

/** Every replica must be known as usable to every sentinel: only then can the next failover choose it. */
async function replicasKnown(blueprint: Blueprint, host: Host): Promise<void> {
  const reply = await sentinelCall(blueprint, host, ['SENTINEL', 'REPLICAS', MASTER_NAME]);
  const replicas = (Array.isArray(reply) ? reply : []).map(fieldsOf);
  const usable = replicas.filter(
    (fields) => fields.get('flags') === 'slave' && fields.get('master-link-status') === 'ok',
  );
  if (replicas.length === blueprint.hosts.length - 1 && usable.length === replicas.length) return;
  throw new LabError(
    `the sentinel on ${host.name} knows ${usable.length} of ${replicas.length} replicas as usable`,
  );
}
