import { readFileSync } from 'node:fs';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { UsageError } from '../commands/command.ts';
import type { Library } from '../result.ts';
import { parseTarget, targetOf, type MoreOfTarget } from './parse-target.ts';
import { Redactor } from './redact.ts';
import { leadsStockClients, type Target } from './target.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that say that somebody has set up a client. */
const SIGNS: Readonly<Record<Library, readonly string[]>> = {
  pg: ['DATABASE_URL', 'PG_HA_STRATEGY', 'PG_HA_HOSTS', 'PG_HA_PATRONI_URLS', 'POSTGRES_HOST', 'PGHOST'],
  redis: ['REDIS_URL', 'REDIS_HA_STRATEGY', 'REDIS_SENTINELS'],
};
const BELONGS: Readonly<Record<Library, RegExp>> = {
  pg: /^(?:DATABASE_URL$|PG|POSTGRES_|RAILS_MAX_THREADS$)/,
  redis: /^REDIS_/,
};

/**
 * What is to be measured: `--target`s and those of a file, or where there are none, what the environment leads to. Each is
 * checked as its client would check it. @throws UsageError
 */
export function readTargets(specs: readonly string[], file: string | undefined, env: Environment): Target[] {
  const given = [...specs.map(parseTarget), ...(file === undefined ? [] : targetsOfFile(file))];
  const targets = given.length > 0 ? given : targetsOfEnvironment(env);
  if (targets.length === 0)
    throw new UsageError(
      `nothing to measure; allowed: --target name=url (several times), --targets file.json, --lab, or one of ${[...SIGNS.pg, ...SIGNS.redis].join(', ')} in the environment`,
    );
  const twice = targets.find(({ name }, at) => targets.findIndex((each) => each.name === name) !== at);
  if (twice) throw new UsageError(`target '${twice.name}' is given twice; each needs a name of its own`);
  for (const target of targets) check(target);
  return targets;
}

/** What a file says of a target beside its URL. */
const FIELDS: readonly string[] = ['env', 'deployment', 'failoverCommand', 'failoverIs'];

function targetsOfFile(file: string): Target[] {
  const read = readJson(file);
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw new UsageError(
      `--targets '${file}'; allowed: { "name": "url" or { "url", ${FIELDS.map((field) => `"${field}"`).join(', ')} }, … }`,
    );
  return Object.entries(read).map(([name, value]) => {
    if (typeof value === 'string') return targetOf(name, value, {});
    const { url, ...more } = (value ?? {}) as { url?: unknown } & MoreOfTarget &
      Readonly<Record<string, unknown>>;
    const unknown = Object.keys(more).find((key) => !FIELDS.includes(key));
    if (typeof url !== 'string' || unknown !== undefined)
      throw new UsageError(
        `--targets '${file}', target '${name}': ${unknown === undefined ? 'it has no url' : `'${unknown}'`}; allowed: url (needed), ${FIELDS.join(', ')}`,
      );
    const odd = oddIn(more);
    if (odd !== undefined) throw new UsageError(`--targets '${file}', target '${name}': ${odd}`);
    return targetOf(name, url, more);
  });
}

/** What is of another type than it has to be. */
function oddIn({ env, ...texts }: Readonly<Record<string, unknown>>): string | undefined {
  const object = typeof env === 'object' && env !== null && !Array.isArray(env);
  if (env !== undefined && !(object && Object.values(env).every((value) => typeof value === 'string')))
    return 'env; allowed: an object of variables that are texts, { "PG_HA_POOL_MAX": "5" }';
  const wrong = Object.entries(texts).find(([, value]) => value !== undefined && typeof value !== 'string');
  return wrong && `${wrong[0]}; allowed: a text`;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    // A parser quotes what it stumbles over, which may be a password.
    const why =
      cause instanceof SyntaxError
        ? 'is not JSON'
        : `cannot be read (${(cause as NodeJS.ErrnoException).code})`;
    throw new UsageError(`--targets '${file}' ${why}; allowed: a file of JSON`, { cause });
  }
}

function targetsOfEnvironment(env: Environment): Target[] {
  return (['pg', 'redis'] as const).flatMap((library) => {
    if (!SIGNS[library].some((name) => env[name])) return [];
    const own = Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && BELONGS[library].test(name) ? [[name, value] as const] : [],
    );
    const mine = Object.fromEntries(own);
    const sentinels = library === 'redis' && mine['REDIS_SENTINELS'] ? 'sentinel' : 'single';
    const strategy = mine[library === 'pg' ? 'PG_HA_STRATEGY' : 'REDIS_HA_STRATEGY'] ?? sentinels;
    const stock = leadsStockClients({ library, strategy, env: mine });
    const target = { name: library, library, strategy, env: mine, server: library };
    return [{ ...target, ...(stock && { stockEnv: mine }) }];
  });
}

/** The clients read their settings when they are made, and dial only when they are used. */
function check({ name, library, env }: Target): void {
  try {
    if (library === 'pg') void new HaPool({ env }).end();
    else new HaRedis({ env, lazyConnect: true }).disconnect();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`target '${name}': ${new Redactor([{ env }]).clean(said)}`, { cause });
  }
}
