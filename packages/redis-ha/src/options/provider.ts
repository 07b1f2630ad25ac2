import { wrongSetting } from '@steadfast/shared';

/** What is documented of a provider's Redis and Valkey endpoints; nothing else is assumed. */
export interface Provider {
  /** the port where none is given; `'own'`: each service has one of its own, so it must be given */
  readonly port: number | 'own';
  /** TLS cannot be turned off there */
  readonly tlsAlways: boolean;
  /** a PING goes out after so much silence, since what is idle for minutes is cut off there, ms; 0: not known to be */
  readonly idlePingMs: number;
}

/**
 * Looked up in August 2026. Which commands are forbidden is not told from here: whoever forbids ROLE answers so, and is asked
 * another way.
 *
 * upstash: TLS always, public certificates; idle connections are closed after minutes. https://upstash.com/docs/redis
 *
 * redis-cloud (once Redis Labs): a port per database; TLS is off until it is turned on, and then its bundle holds several
 * CAs. https://redis.io/docs/latest/operate/rc/security/database-security/tls-ssl/
 *
 * aiven: Valkey (`valkeys://`) at a port per service, behind HAProxy that cuts off what is idle for 300 s; ACL, CONFIG,
 * COMMAND, DEBUG, MONITOR and others are disabled. https://aiven.io/docs/products/valkey/reference/restricted-commands
 */
const PROVIDERS: Readonly<Record<ProviderName, Provider>> = {
  upstash: { port: 6379, tlsAlways: true, idlePingMs: 60_000 },
  'redis-cloud': { port: 'own', tlsAlways: false, idlePingMs: 0 },
  aiven: { port: 'own', tlsAlways: true, idlePingMs: 60_000 },
};

export const PROVIDER_NAMES = ['upstash', 'redis-cloud', 'aiven'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What the caller has given, as far as a provider has something to say about it. */
export interface ProviderContext {
  readonly strategy: string;
  readonly portGiven: boolean;
  readonly tls: boolean;
}

/**
 * What is known of the provider that was named.
 * @throws HaError HA_CONFIG where it does not go with the other settings
 */
export function readProvider(
  name: ProviderName | undefined,
  { strategy, portGiven, tls }: ProviderContext,
): Provider | undefined {
  if (name === undefined) return undefined;
  const provider = PROVIDERS[name];
  const wrong = (allowed: string): Error =>
    wrongSetting('REDIS_HA_PROVIDER (option provider)', name, allowed);
  if (strategy !== 'managed') throw wrong('with REDIS_HA_STRATEGY=managed alone; else not set');
  if (provider.port === 'own' && !portGiven)
    throw wrong('with a port in REDIS_URL: this provider gives each service one of its own');
  if (provider.tlsAlways && !tls)
    throw wrong('with rediss:// or valkeys:// in REDIS_URL: this provider speaks TLS alone');
  return provider;
}
