import { endpointKey, wrongSetting, type Endpoint } from '@steadfast/shared';
import type { NatMap } from 'ioredis';

/** Where an address that the sentinels name is to be dialled. */
export type Translate = (endpoint: Endpoint) => Endpoint;

/**
 * ioredis's `natMap`: what the sentinels call a server (`host:port`) by where it is reached from here, an object or a
 * function. What it does not name is dialled as it is.
 * @throws HaError HA_CONFIG where it is neither, or leads to no host and port; what a function says is looked at when it does
 */
export function readNatMap(natMap: NatMap | undefined): Translate {
  if (natMap === undefined) return (endpoint) => endpoint;
  if (typeof natMap === 'function')
    return (endpoint) => {
      for (const key of keysOf(endpoint)) {
        const found: unknown = natMap(key);
        if (found) return readEndpoint(found, `what option natMap says of ${key}`);
      }
      return endpoint;
    };
  if (typeof natMap !== 'object') throw wrongSetting('option natMap', typeof natMap, ALLOWED);
  const map = new Map<string, Endpoint>();
  for (const [key, value] of Object.entries(natMap))
    map.set(key, readEndpoint(value, `option natMap['${key}']`));
  return (endpoint) => {
    const key = keysOf(endpoint).find((one) => map.has(one));
    return key === undefined ? endpoint : (map.get(key) ?? endpoint);
  };
}

/** As ioredis writes it, and for IPv6 as everybody else does. */
function keysOf(endpoint: Endpoint): string[] {
  return [...new Set([`${endpoint.host}:${endpoint.port}`, endpointKey(endpoint)])];
}

/** A port may be text, as in ioredis. */
function readEndpoint(value: unknown, what: string): Endpoint {
  const { host, port } = (value ?? {}) as { host?: unknown; port?: unknown };
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (typeof host === 'string' && host !== '' && isPort(number)) return { host, port: number };
  throw wrongSetting(what, value, ALLOWED);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

const ALLOWED =
  "{ 'host:port': { host, port } }, or a function from 'host:port' to { host, port } or nothing";
