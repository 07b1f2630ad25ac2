import { endpointKey, wrongSetting, type Endpoint } from '@steadfast/shared';
import type { ConnectionSettings } from '../options/connection.ts';

/**
 * The address of a strategy that knows one.
 * @throws HaError HA_CONFIG where several were given
 */
export function onlyHost({ endpoints, source }: ConnectionSettings, allowed: string): Endpoint {
  if (endpoints.length === 1) return endpoints[0];
  throw wrongSetting(source, endpoints.map(endpointKey).join(','), allowed);
}
