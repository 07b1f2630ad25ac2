import { isIP } from 'node:net';
import { parseEndpoint, type Endpoint } from '../topology/endpoint.ts';
import type { Setting } from './setting.ts';

/** More entries than any deployment lists. */
const MAX_ENTRIES = 64;

/** `h1:5000,h2:5000`, or an array of such strings or of `{ host, port }`. */
export function endpoints(defaultPort: number): Setting<readonly Endpoint[]> {
  return {
    allowed: `host:port[,host:port…], at most ${MAX_ENTRIES}; port ${defaultPort} where none is given`,
    read: (raw) => readList(raw, (item) => readEndpoint(item, defaultPort)),
  };
}

/** As `endpoints`, of addresses alone: who is asked for names has none to be found by. */
export function nameServers(): Setting<readonly Endpoint[]> {
  const any = endpoints(53);
  return {
    allowed: `${any.allowed}; each host an IP address`,
    read(raw) {
      const servers = any.read(raw);
      return servers?.every(({ host }) => isIP(host) !== 0) ? servers : undefined;
    },
  };
}

/** `http://h1:8008,http://h2:8008`, or an array of such strings. */
export function urls(protocols: readonly string[]): Setting<readonly URL[]> {
  return {
    allowed: `a comma-separated list of ${protocols.join(' or ')} addresses, at most ${MAX_ENTRIES}`,
    read: (raw) => readList(raw, (item) => readUrl(item, protocols)),
  };
}

function readList<T>(raw: unknown, read: (item: unknown) => T | undefined): readonly T[] | undefined {
  const items: unknown = typeof raw === 'string' ? raw.split(',').filter((item) => item.trim() !== '') : raw;
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_ENTRIES) return undefined;
  const values = items.map(read);
  return values.every((value) => value !== undefined) ? values : undefined;
}

function readEndpoint(item: unknown, defaultPort: number): Endpoint | undefined {
  if (typeof item === 'string') return parseEndpoint(item, defaultPort);
  if (typeof item !== 'object' || item === null) return undefined;
  const { host, port = defaultPort } = item as { host?: unknown; port?: unknown };
  return typeof host === 'string' && typeof port === 'number'
    ? parseEndpoint(`${bracket(host)}:${port}`, defaultPort)
    : undefined;
}

function bracket(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function readUrl(item: unknown, protocols: readonly string[]): URL | undefined {
  const text = item instanceof URL ? item.href : item;
  if (typeof text !== 'string' || !URL.canParse(text.trim())) return undefined;
  const url = new URL(text.trim());
  return protocols.includes(`${url.protocol}//`) ? url : undefined;
}
