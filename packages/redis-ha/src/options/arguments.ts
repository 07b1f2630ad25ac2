import { wrongSetting } from '@steadfast/shared';
import { parseRedisUrl } from './redis-url.ts';
import type { HaRedisOptions } from './settings.ts';

/** What `new HaRedis()` takes, as ioredis does; where both say something, a URL, port or host wins over the options. */
export type HaRedisArguments =
  | [options?: HaRedisOptions]
  | [url: string, options?: HaRedisOptions]
  | [port: number, options?: HaRedisOptions]
  | [port: number, host: string, options?: HaRedisOptions];

const ALLOWED =
  '(options), (url, options), (port, options) or (port, host, options), options at the end or not at all';

/** @throws HaError HA_CONFIG for anything else: an argument that did nothing would hide wrong settings */
export function readArguments(given: readonly unknown[]): HaRedisOptions {
  const [first, second] = given;
  if (typeof first === 'string') return withUrl(first, optionsAt(given, 1));
  if (typeof first !== 'number') return optionsAt(given, 0);
  if (typeof second !== 'string') return { ...optionsAt(given, 1), port: first };
  return { ...optionsAt(given, 2), port: first, host: second };
}

/** Single options win over a URL among them; over a URL that stands before them they do not. */
function withUrl(url: string, options: HaRedisOptions): HaRedisOptions {
  const { username, password, db, query } = parseRedisUrl('the first argument of HaRedis', url);
  const carried = new Set(['host', 'port', ...Object.keys(query)]);
  for (const [name, value] of Object.entries({ username, password, db }))
    if (value !== undefined) carried.add(name);
  const rest = Object.entries(options).filter(([name]) => !carried.has(name));
  return { ...Object.fromEntries(rest), url };
}

function optionsAt(given: readonly unknown[], at: number): HaRedisOptions {
  const options = given[at] ?? {};
  const wrongAt = typeof options === 'object' && !Array.isArray(options) ? at + 1 : at;
  const rest = given.slice(wrongAt).find((one) => one !== undefined);
  if (rest === undefined) return options;
  throw wrongSetting(`argument ${wrongAt + 1} of HaRedis`, `(hidden: ${typeof rest})`, ALLOWED);
}
