import { endpointKey, wrongSetting, type Endpoint } from '@steadfast/shared';
import type { ConnectionSettings } from '../options/connection.ts';
import type { PoolSettings } from '../options/pool-options.ts';

/**
 * The address of a strategy that knows one.
 * @throws HaError HA_CONFIG where several were given
 */
export function onlyHost({ endpoints, source }: ConnectionSettings, allowed: string): Endpoint {
  if (endpoints.length === 1) return endpoints[0];
  throw wrongSetting(source, endpoints.map(endpointKey).join(','), allowed);
}

/**
 * The addresses of a strategy that follows servers, which no default can know: it would quietly dial this machine.
 * @param hosts the option `hosts`, for a strategy that has it
 * @throws HaError HA_CONFIG where nobody has named one
 */
export function namedHosts(
  { ha: { strategy }, connection: { endpoints, unnamed } }: PoolSettings,
  hosts?: readonly Endpoint[],
): readonly Endpoint[] {
  if (hosts) return hosts;
  if (!unnamed) return endpoints;
  const [what, allowed] =
    strategy === 'managed'
      ? ['DATABASE_URL (option connectionString) or the option host', "the provider's host name"]
      : ['PG_HA_HOSTS (option hosts) or the hosts of DATABASE_URL', 'host:port[,host:port…]'];
  throw wrongSetting(what, 'not set', `with PG_HA_STRATEGY=${strategy}, ${allowed}`);
}
