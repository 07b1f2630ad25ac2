import { endpointKey, wrongSetting, type Endpoint } from '@steadfast/shared';
import type { NatMap } from 'ioredis';

/** Where an address that the sentinels name is to be dialled. */
export type Translate = (endpoint: Endpoint) => Endpoint;

/**
 * ioredis's `natMap`: what the sentinels call a server (`host:port`) by where it is reached from here, an object or a
 * function. What it does not name is dialled as it is.
 * @throws HaError HA_CONFIG where it is neither, or leads to no host and port
 */
export function readNatMap(natMap: NatMap | undefined): Translate {
  if (natMap === undefined) return (endpoint) => endpoint;
  if (typeof natMap === 'function')
    return (endpoint) => {
      const found: unknown = natMap(endpointKey(endpoint));
      return isEndpoint(found) ? { host: found.host, port: found.port } : endpoint;
    };
  if (typeof natMap !== 'object') throw wrongSetting('option natMap', typeof natMap, ALLOWED);
  const map = new Map<string, Endpoint>();
  for (const [key, value] of Object.entries(natMap)) {
    if (!isEndpoint(value)) throw wrongSetting(`option natMap['${key}']`, value, ALLOWED);
    map.set(key, { host: value.host, port: value.port });
  }
  return (endpoint) => map.get(endpointKey(endpoint)) ?? endpoint;
}

function isEndpoint(value: unknown): value is Endpoint {
  const { host, port } = (value ?? {}) as { host?: unknown; port?: unknown };
  return (
    typeof host === 'string' &&
    host !== '' &&
    Number.isInteger(port) &&
    Number(port) >= 1 &&
    Number(port) <= 65_535
  );
}

const ALLOWED =
  "{ 'host:port': { host, port } }, or a function from 'host:port' to { host, port } or nothing";
