import { connect } from 'node:net';
import { MASTER_NAME, REDIS_ADMIN, type Blueprint, type Host } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { encodeCommand, RespError, RespReader, type RespValue } from '../observers/resp.ts';

/** Runs one command on a member as administrator, over a connection of its own. */
export function redisCall(
  blueprint: Blueprint,
  host: Host,
  command: readonly (string | number)[],
  timeoutMs = 2_000,
): Promise<RespValue> {
  return call(
    blueprint,
    host,
    blueprint.ports.redis,
    ['AUTH', REDIS_ADMIN, blueprint.secrets.redisAdmin],
    command,
    timeoutMs,
  );
}

/** Runs one command on a host's Sentinel. */
export function sentinelCall(
  blueprint: Blueprint,
  host: Host,
  command: readonly (string | number)[],
  timeoutMs = 2_000,
): Promise<RespValue> {
  return call(
    blueprint,
    host,
    blueprint.ports.sentinel,
    ['AUTH', blueprint.secrets.sentinel],
    command,
    timeoutMs,
  );
}

function call(
  blueprint: Blueprint,
  host: Host,
  port: number,
  auth: readonly string[],
  command: readonly (string | number)[],
  timeoutMs: number,
): Promise<RespValue> {
  const where = `${String(command[0])} on ${host.redisIp}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: host.redisIp,
      port,
      ...(blueprint.names && { localAddress: blueprint.root.redis.manager }),
    });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (why: string): void => finish(() => reject(new LabError(`${where}: ${why}`)));
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    const reader = new RespReader();
    const replies: RespValue[] = [];
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the connection was closed'));
    socket.on('data', (chunk) => {
      replies.push(...reader.feed(chunk));
      const [authenticated, reply] = replies;
      if (authenticated instanceof RespError) fail(authenticated.message);
      else if (reply instanceof RespError) fail(reply.message);
      else if (reply !== undefined) finish(() => resolve(reply));
    });
    socket.write(encodeCommand(auth) + encodeCommand(command.map(String)));
  });
}

export interface RedisRole {
  role: 'master' | 'slave' | 'sentinel';
  /** Of a replica: whether it is in sync with its master; of a master: how many replicas it feeds. */
  linkUp: boolean;
  replicas: number;
  masterIp?: string;
}

export async function redisRole(blueprint: Blueprint, host: Host, timeoutMs = 1_000): Promise<RedisRole> {
  const reply = await redisCall(blueprint, host, ['ROLE'], timeoutMs);
  if (!Array.isArray(reply)) throw new LabError(`ROLE of ${host.name} answered ${JSON.stringify(reply)}`);
  const [role, second, third, fourth] = reply;
  if (role === 'master') return { role, linkUp: true, replicas: Array.isArray(third) ? third.length : 0 };
  return { role: 'slave', linkUp: fourth === 'connected', replicas: 0, masterIp: String(second) };
}

export interface SentinelView {
  masterIp: string;
  configEpoch: number;
  replicas: number;
  otherSentinels: number;
  flags: string[];
}

/** What a host's Sentinel says about the master. */
export async function sentinelView(
  blueprint: Blueprint,
  host: Host,
  timeoutMs = 1_000,
): Promise<SentinelView> {
  const reply = await sentinelCall(blueprint, host, ['SENTINEL', 'MASTER', MASTER_NAME], timeoutMs);
  const fields = fieldsOf(reply);
  return {
    masterIp: fields.get('ip') ?? '',
    configEpoch: Number(fields.get('config-epoch')),
    replicas: Number(fields.get('num-slaves')),
    otherSentinels: Number(fields.get('num-other-sentinels')),
    flags: (fields.get('flags') ?? '').split(','),
  };
}

/** Names and values that follow each other. */
export function fieldsOf(reply: RespValue): Map<string, string> {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const fields = new Map<string, string>();
  for (let n = 0; n + 1 < flat.length; n += 2) fields.set(flat[n] ?? '', flat[n + 1] ?? '');
  return fields;
}

/** The master that most sentinels name, by the highest config-epoch among them. */
export async function sentinelMaster(blueprint: Blueprint): Promise<Host> {
  const views = (
    await Promise.allSettled(blueprint.hosts.map((host) => sentinelView(blueprint, host)))
  ).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const newest = views.toSorted((a, b) => b.configEpoch - a.configEpoch)[0];
  const found = blueprint.hosts.find(({ redisIp }) => redisIp === newest?.masterIp);
  if (found) return found;
  throw new LabError('Redis has no master now: no Sentinel names one');
}
