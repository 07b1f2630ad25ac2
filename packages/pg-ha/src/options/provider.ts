import { wrongSetting } from '@steadfast/shared';

export const PROVIDER_NAMES = ['hetzner', 'digitalocean', 'aiven'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What is documented of a provider's PostgreSQL endpoints; nothing else is assumed. */
export interface Provider {
  /** the port where none is given; `'own'`: each service has one of its own, so it must be given */
  readonly port: number | 'own';
  /** the port on which PgBouncer answers, where it is the same for all: it turns `pooler` on */
  readonly poolerPort: number | undefined;
  /** `'own'`: its certificates are signed by a CA of the customer's project, which must be given */
  readonly ca: 'own' | undefined;
  /** the host name of the standbys, from that of the endpoint, where it follows a pattern */
  readonly replicaHost: ((host: string) => string) | undefined;
}

/**
 * Looked up in August 2026. Connection limits belong to plans and are set by the server; the README says what is known.
 *
 * hetzner: Hetzner sells no managed PostgreSQL of its own (its API and Terraform provider know no such resource), others do
 * on its machines. So nothing is known but what holds for any endpoint: TLS, verified, a name that is looked up anew.
 *
 * digitalocean: direct 25060, PgBouncer 25061, a CA of the account's own; the same name with `private-` before it leads
 * through the VPC; standbys for reading have names of their own. https://docs.digitalocean.com/products/databases/postgresql/
 *
 * aiven: a port per service and another for its PgBouncer, a CA per project; `replica-` before the name leads to a standby.
 * https://aiven.io/docs/products/postgresql/concepts/high-availability
 */
const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  hetzner: { port: 5432, poolerPort: undefined, ca: undefined, replicaHost: undefined },
  digitalocean: { port: 25_060, poolerPort: 25_061, ca: 'own', replicaHost: undefined },
  aiven: { port: 'own', poolerPort: undefined, ca: 'own', replicaHost: (host) => `replica-${host}` },
};

/**
 * What is known of the provider that was named.
 * @throws HaError HA_CONFIG where another strategy than `managed` is set: nothing of it would be used
 */
export function readProvider(name: ProviderName | undefined, strategy: string): Provider | undefined {
  if (name === undefined) return undefined;
  if (strategy === 'managed') return PROVIDERS[name];
  throw wrongSetting(
    'PG_HA_PROVIDER (option provider)',
    name,
    'with PG_HA_STRATEGY=managed alone; else not set',
  );
}
