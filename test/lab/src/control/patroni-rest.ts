import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { BALANCER, paths, REST_USER, type Blueprint, type Host } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { patroniUrl } from '../servers/patroni.ts';

export interface RestAnswer {
  status: number;
  body: string;
}

export interface RestCall {
  method?: 'GET' | 'POST' | 'PATCH' | 'OPTIONS';
  body?: unknown;
  timeoutMs?: number;
}

/** A member as `GET /cluster` lists it. */
export interface ClusterMember {
  name: string;
  role: string;
  state: string;
  timeline?: number;
  lag?: number | string;
}

/** Calls a member's Patroni, from the lab's own address so that it works while clients are cut off. */
export async function patroniCall(
  blueprint: Blueprint,
  host: Host,
  path: string,
  { method = 'GET', body, timeoutMs = 2_000 }: RestCall = {},
): Promise<RestAnswer> {
  const url = `${patroniUrl(blueprint, host)}${path}`;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options: https.RequestOptions = {
    method,
    timeout: timeoutMs,
    auth: `${REST_USER}:${blueprint.secrets.rest}`,
    headers:
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...(blueprint.names && { localAddress: blueprint.root.data.manager }),
    ...(url.startsWith('https:') && clientTls(blueprint)),
  };
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => reject(new LabError(`${method} ${url}: ${why}`));
    const request = (url.startsWith('https:') ? https : http).request(url, options, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (answer += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: answer }));
      response.on('error', (error) => failed(error.message));
    });
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('error', (error) => failed(error.message));
    request.end(text);
  });
}

function clientTls(blueprint: Blueprint): https.RequestOptions {
  const { certFile, keyFile, caFile } = paths.certificate(blueprint.dir, BALANCER);
  return { ca: readFileSync(caFile), cert: readFileSync(certFile), key: readFileSync(keyFile) };
}

/** The cluster as the first member that answers sees it. */
export async function clusterMembers(blueprint: Blueprint, timeoutMs = 2_000): Promise<ClusterMember[]> {
  try {
    return await Promise.any(
      blueprint.hosts.map(async (host) => {
        const { status, body } = await patroniCall(blueprint, host, '/cluster', { timeoutMs });
        if (status !== 200) throw new LabError(`GET /cluster of ${host.name} answered ${status}`);
        const { members } = JSON.parse(body) as { members?: ClusterMember[] };
        return members ?? [];
      }),
    );
  } catch (error) {
    const reasons = (error as AggregateError).errors.map((each: unknown) => (each as Error).message);
    throw new LabError(`no Patroni answers: ${reasons.join('; ')}`, { cause: error });
  }
}

/** The member that holds the leader's key, as the cluster sees it. */
export async function leaderName(blueprint: Blueprint): Promise<string> {
  const members = await clusterMembers(blueprint);
  const leader = members.find(({ role }) => role === 'leader' || role === 'master');
  if (leader) return leader.name;
  throw new LabError(
    `PostgreSQL has no primary now: ${members.map((m) => `${m.name} ${m.role} ${m.state}`).join(', ')}`,
  );
}
