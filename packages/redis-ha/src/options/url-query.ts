import { HaError, wrongSetting, type Environment, type OptionRow } from '@steadfast/shared';
import { OPTION_TABLE } from './option-table.ts';

/** What the query of a Redis URL says: options by ioredis's names and by ours. */
export type UrlQuery = Readonly<Record<string, string | number | boolean>>;

/** ioredis's options that are texts, whatever they look like. Ours are read as variables are, by their table. */
const TEXTS: ReadonlySet<string> = new Set(['clientInfoTag', 'connectionName', 'host', 'keyPrefix', 'role']);
/** What is no text or number, or is read before the URL is. */
const NOT_IN_URL = [
  ...['clock', 'env', 'lazyConnect', 'logger', 'metrics', 'natMap', 'random', 'reconnectOnError', 'scripts'],
  'url',
];

const rows: ReadonlyMap<string, OptionRow<unknown>> = new Map(Object.entries(OPTION_TABLE));

/** As ioredis does, and numbers and yes or no are what they say. */
export function readQuery(params: URLSearchParams): UrlQuery {
  return Object.fromEntries([...params].map(([name, text]) => [name, valueOf(name, text)]));
}

function valueOf(name: string, text: string): string | number | boolean {
  if (TEXTS.has(name) || rows.has(name)) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** How to name an option that stands in the query of the URL that `what` is. */
export const inQueryOf =
  (what: string) =>
  (name: string): string =>
    `${name} in the query of ${what}`;

/** @throws HaError HA_CONFIG naming the URL; secrets are not shown */
export function refuseWrongQuery(what: string, query: UrlQuery): void {
  const named = inQueryOf(what);
  for (const name of NOT_IN_URL)
    if (name in query) {
      const message = `${named(name)} cannot be used: give it to the constructor, as an option`;
      throw new HaError('HA_CONFIG', message, { outcome: 'notSent' });
    }
  for (const [name, raw] of Object.entries(query)) {
    const row = rows.get(name);
    if (row && row.setting.read(raw) === undefined)
      throw wrongSetting(named(name), row.secret ? '(hidden)' : raw, row.setting.allowed, row.setting.words);
  }
}

/** What is given: options win over variables, and variables over the query, as they do over the rest of the URL. */
export function withQuery<T extends object>(options: T, query: UrlQuery, env: Environment): T {
  const left = Object.entries(query).filter(
    ([name]) => !rows.get(name)?.env.some((variable) => env[variable]),
  );
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...left, ...given]) as T;
}
