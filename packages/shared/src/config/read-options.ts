import { HaError } from '../errors/ha-error.ts';
import type { Setting } from './setting.ts';

/** One row of an options table; `T` is the option's type, without undefined. */
export interface OptionRow<T> {
  readonly setting: Setting<T>;
  /** environment names, first that is set wins */
  readonly env: readonly string[];
  /** undefined: there is none, and the option may stay unset */
  readonly default: T | undefined;
  /** a secret's value is never shown, not even in the error about it */
  readonly secret?: boolean;
}

/** A row for every option of `T`. What each option means stands on `T` itself. */
export type OptionTable<T> = { readonly [K in keyof T]-?: OptionRow<Exclude<T[K], undefined>> };

/** Environment variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLES = 'an object of variables that are texts, as process.env is';

/**
 * What the option `env` says, or the process's own.
 * @throws HaError HA_CONFIG
 */
export function readEnvironment(env: unknown): Environment {
  if (env === undefined || env === null) return process.env;
  if (typeof env !== 'object' || Array.isArray(env)) throw wrongSetting('option env', typeof env, VARIABLES);
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && typeof value !== 'string')
      throw wrongSetting(`option env: ${name}`, typeof value, VARIABLES);
  return env as Environment;
}

/**
 * Reads every row of `table` once: what the caller gave wins over the environment, the environment over the default.
 * An empty variable counts as not set. The result is frozen.
 * @throws HaError HA_CONFIG naming the option or variable, its value and what is allowed
 */
export function readOptions<T extends object>(
  table: OptionTable<T>,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): Readonly<T> {
  const rows = Object.entries(table) as [string, OptionRow<unknown>][];
  const entries = rows.map(([name, row]) => [name, readOption(name, row, given[name], env)] as const);
  return Object.freeze(Object.fromEntries(entries)) as Readonly<T>;
}

function readOption(name: string, row: OptionRow<unknown>, given: unknown, env: Environment): unknown {
  if (given !== undefined) return readValue(`option ${name}`, row, given);
  const variable = row.env.find((candidate) => env[candidate] !== undefined && env[candidate] !== '');
  return variable === undefined ? row.default : readValue(variable, row, env[variable]);
}

function readValue(what: string, row: OptionRow<unknown>, raw: unknown): unknown {
  const value = row.setting.read(raw);
  if (value === undefined)
    throw wrongSetting(what, row.secret ? '(hidden)' : raw, row.setting.allowed, row.setting.words);
  return value;
}

/** Two words of fewer letters than this resemble each other by chance. */
const SHORTEST_MISSPELT = 5;

/**
 * Refuses a variable that begins as ours do and is nearly one of them: it would do nothing, and nobody would know.
 * What resembles none of ours is somebody else's.
 * @throws HaError HA_CONFIG naming the variable and the one that may be meant; the value is not shown
 */
export function refuseMisspelt<T extends object>(
  table: OptionTable<T>,
  prefix: string,
  env: Environment,
): void {
  const known = (Object.values(table) as OptionRow<unknown>[]).flatMap((row) => row.env);
  for (const name of Object.keys(env)) {
    if (!name.startsWith(prefix) || !env[name] || known.includes(name)) continue;
    const shorter = known.find((each) => each.startsWith(`${name}_`) || name === `${each}_FILE`);
    const lowered = known.map((each) => each.toLowerCase());
    const tooShort = name.length - prefix.length < SHORTEST_MISSPELT;
    const meant = shorter ?? (tooShort ? undefined : nearest(name, lowered)?.toUpperCase());
    if (meant === undefined) continue;
    const message = `${name} is no setting, and would do nothing; did you mean ${meant}?`;
    throw new HaError('HA_CONFIG', message, { outcome: 'notSent' });
  }
}

/** The error for a setting that is wrong: one line with name, value and what is allowed. */
export function wrongSetting(
  what: string,
  raw: unknown,
  allowed: string,
  words: readonly string[] = [],
): HaError {
  const shown =
    typeof raw === 'string' ? `'${shorten(withoutUserinfo(raw))}'` : shorten(hideUserinfo(written(raw)));
  const near = typeof raw === 'string' ? nearest(raw, words) : undefined;
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  return new HaError('HA_CONFIG', `${what} is ${shown}; allowed: ${allowed}${hint}`, { outcome: 'notSent' });
}

/** Longer values hide what is wrong with them. */
const MAX_SHOWN = 200;

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)`;
}

const SECRETS = /password|passphrase|secret|token|key/i;

/** A value that is no text, without what may be secret in it; some, such as circles, have no JSON, and some not even a name. */
function written(raw: unknown): string {
  const hidden = (name: string, value: unknown): unknown => {
    if (name !== '' && SECRETS.test(name)) return '***';
    return typeof value === 'string' ? withoutUserinfo(value) : value;
  };
  try {
    return JSON.stringify(raw, hidden) ?? String(raw);
  } catch {
    return typeof raw === 'bigint' ? `${raw}n` : `a value of type ${typeof raw}`;
  }
}

/** The word within two edits of `raw`, for misspellings. */
function nearest(raw: string, words: readonly string[]): string | undefined {
  const ranked = words.map((word) => ({ word, distance: editDistance(raw.toLowerCase(), word) }));
  ranked.sort((a, b) => a.distance - b.distance);
  return ranked[0] && ranked[0].distance <= 2 ? ranked[0].word : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= Math.min(a.length, 64); i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** User and password of any URL among the words of a text, hidden. */
export function hideUserinfo(text: string): string {
  return text.replace(/[^\s,]+/g, (word) => (word.includes('://') ? withoutUserinfo(word) : word));
}

/**
 * Up to the last @, since a password may hold what should have been escaped; where a URL's beginning is missing, all of it.
 * Where the @ itself is missing, what follows a colon and is no port.
 */
function withoutUserinfo(text: string): string {
  const [scheme, at] = [text.indexOf('://'), text.lastIndexOf('@')];
  if (at === -1) return scheme === -1 ? text : withoutPassword(text, scheme + 3);
  return `${scheme !== -1 && scheme < at ? text.slice(0, scheme + 3) : ''}***${text.slice(at)}`;
}

/** Hosts with ports, up to the first colon that begins no port. */
const HOSTS = /^(?:(?:\[[^\]]*\]|[^:/?#,]*)(?::\d*(?=[,/?#]|$))?,?)*/;

function withoutPassword(url: string, from: number): string {
  const hosts = HOSTS.exec(url.slice(from))?.[0].length ?? 0;
  return url[from + hosts] === ':' ? `${url.slice(0, from + hosts)}:***` : url;
}
