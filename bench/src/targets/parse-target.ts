import { UsageError } from '../commands/command.ts';
import { DEPLOYMENT_IDS, type DeploymentId, type Library } from '../result.ts';
import { redactUrl } from './redact.ts';
import { FAILOVER_NATURES, leadsStockClients, type FailoverNature, type Target } from './target.ts';

const SCHEMES: Readonly<Record<string, Library>> = {
  postgres: 'pg',
  postgresql: 'pg',
  redis: 'redis',
  rediss: 'redis',
  valkey: 'redis',
  valkeys: 'redis',
};
const STRATEGIES: Readonly<Record<Library, readonly string[]>> = {
  pg: ['haproxy', 'hosts', 'managed', 'patroni', 'single'],
  redis: ['managed', 'sentinel', 'single'],
};
const VARIABLES: Readonly<Record<Library, RegExp>> = {
  pg: /^(?:PG_HA_|PG|POSTGRES_)[A-Z0-9_]+$/,
  redis: /^REDIS_[A-Z0-9_]+$/,
};
const NAME = /^[\w.-]{1,40}$/;

/**
 * `name=url?strategy=…&VARIABLE=value`: a URL as the clients take it, the strategy, and any variable of their environment by its
 * name; what else stands behind the question mark stays in the URL. @throws UsageError
 */
export function parseTarget(spec: string): Target {
  const at = spec.indexOf('=');
  const [name, url] = [spec.slice(0, Math.max(0, at)), spec.slice(at + 1)];
  if (at < 1 || !url.includes('://'))
    throw new UsageError(
      `--target '${redactUrl(spec)}'; allowed: name=url, as in main=postgres://app:secret@db1/inbox?strategy=managed`,
    );
  return targetOf(name, url, {});
}

export interface MoreOfTarget {
  readonly env?: Readonly<Record<string, string>>;
  readonly deployment?: string;
  readonly failoverCommand?: string;
  readonly failoverIs?: string;
}

/** @throws UsageError */
export function targetOf(name: string, url: string, more: MoreOfTarget): Target {
  const wrong = (what: string, allowed: string): UsageError =>
    new UsageError(`target '${name}': ${what}; allowed: ${allowed}`);
  if (!NAME.test(name)) throw wrong('its name', '1 to 40 letters, digits, and . _ -');
  const scheme = url.split('://', 1)[0] ?? '';
  const library = SCHEMES[scheme];
  if (!library) throw wrong(`scheme '${scheme}'`, Object.keys(SCHEMES).join(', '));
  const { address, strategy, variables } = takeApart(url);
  const env: Record<string, string> = { ...variables, ...more.env };
  for (const variable of Object.keys(env)) {
    if (!VARIABLES[library].test(variable))
      throw wrong(
        `variable '${variable}'`,
        library === 'pg' ? 'those of pg-ha (PG_HA_…, PG…, POSTGRES_…)' : 'those of redis-ha (REDIS_…)',
      );
  }
  const strategyName = library === 'pg' ? 'PG_HA_STRATEGY' : 'REDIS_HA_STRATEGY';
  const said = strategy ?? env[strategyName];
  // What nobody has said the client assumes by itself, or refuses where servers of a cluster are named.
  const chosen = said ?? (env['REDIS_SENTINELS'] ? 'sentinel' : 'single');
  if (!STRATEGIES[library].includes(chosen))
    throw wrong(`strategy '${chosen}'`, STRATEGIES[library].join(', '));
  const { deployment, failoverCommand, failoverIs } = more;
  if (deployment !== undefined && !(DEPLOYMENT_IDS as readonly string[]).includes(deployment))
    throw wrong(`deployment '${deployment}'`, DEPLOYMENT_IDS.join(', '));
  if (failoverIs !== undefined && !(FAILOVER_NATURES as readonly string[]).includes(failoverIs))
    throw wrong(`failoverIs '${failoverIs}'`, FAILOVER_NATURES.join(', '));
  const full = {
    ...env,
    ...(said !== undefined && { [strategyName]: said }),
    [library === 'pg' ? 'DATABASE_URL' : 'REDIS_URL']: address,
  };
  return {
    name,
    library,
    strategy: chosen,
    env: full,
    ...(leadsStockClients({ library, strategy: chosen, env: full }) && { stockEnv: full }),
    server: name,
    ...(deployment !== undefined && { deployment: deployment as DeploymentId }),
    ...(failoverCommand !== undefined && { failoverCommand }),
    ...(failoverIs !== undefined && { failoverIs: failoverIs as FailoverNature }),
  };
}

function decoded(key: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new UsageError(
      `'${key}' of a target has a % that stands for nothing; allowed: %25 for a % itself`,
      {
        cause,
      },
    );
  }
}

function takeApart(url: string): { address: string; strategy?: string; variables: Record<string, string> } {
  const at = url.indexOf('?');
  if (at < 0) return { address: url, variables: {} };
  const variables: Record<string, string> = {};
  const kept: string[] = [];
  let strategy: string | undefined;
  for (const part of url.slice(at + 1).split('&')) {
    const [key = '', ...value] = part.split('=');
    const text = decoded(key, value.join('='));
    if (key === 'strategy') strategy = text;
    else if (/^[A-Z]/.test(key)) variables[key] = text;
    else if (part !== '') kept.push(part);
  }
  const query = kept.length > 0 ? `?${kept.join('&')}` : '';
  return { address: url.slice(0, at) + query, variables, ...(strategy !== undefined && { strategy }) };
}
