import { parseEndpoint, type Endpoint } from '@steadfast/shared';

/** What `GET /cluster` says, as far as we use it. */
export interface PatroniCluster {
  readonly members: readonly PatroniMember[];
}

export interface PatroniMember {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly leader: boolean;
  /** its REST API */
  readonly apiUrl: URL | undefined;
}

/** More members than any cluster has. */
const MAX_MEMBERS = 64;

/**
 * Reads the JSON of `GET /cluster`. Members without an address (just starting) are left out; whom a list leaves out is
 * forgotten, so one of which a part is no member is no list, nor is one without anybody. 3.x and 4.x say `leader`, older ones
 * `master`; a `standby_leader` leads a standby cluster, takes no writes, and is no leader to us.
 * https://patroni.readthedocs.io/en/latest/rest_api.html#cluster-status-endpoints
 * @throws Error naming what is not as documented
 */
export function parsePatroniCluster(body: string): PatroniCluster {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new Error(`GET /cluster did not answer with JSON but '${body.slice(0, 40)}'`);
  }
  const list = isRecord(json) ? json['members'] : undefined;
  if (!Array.isArray(list)) throw new Error('GET /cluster answered without a list of members');
  const members = list.slice(0, MAX_MEMBERS).flatMap((item) => readMember(item) ?? []);
  if (members.length === 0) throw new Error('GET /cluster answered with no member that has an address');
  return { members };
}

/** Undefined where it has no address yet. */
function readMember(item: unknown): PatroniMember | undefined {
  if (!isRecord(item)) throw noMember(item);
  const { name, host, port, role, api_url: apiUrl } = item;
  if (host === undefined || port === undefined) return undefined;
  if (typeof host !== 'string' || typeof port !== 'number') throw noMember(item);
  const endpoint = parseEndpoint(`${host.includes(':') ? `[${host}]` : host}:${port}`, 5432);
  if (!endpoint) throw noMember(item);
  return {
    name: typeof name === 'string' ? name : '',
    endpoint,
    leader: role === 'leader' || role === 'master' || role === 'primary',
    apiUrl: typeof apiUrl === 'string' && URL.canParse(apiUrl) ? new URL(apiUrl) : undefined,
  };
}

function noMember(item: unknown): Error {
  return new Error(`GET /cluster answered with a member that is none: ${JSON.stringify(item).slice(0, 80)}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
