import type { Clock } from '@steadfast/shared';
import { PatroniResolver } from '../discovery/patroni-resolver.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import { readPem } from '../options/ssl.ts';

/** Patroni's REST API as the settings name it. */
export function patroniSource(urls: readonly URL[], { ha }: PoolSettings, clock: Clock): PatroniResolver {
  const { patroniCaFile: ca, patroniCertFile: cert, patroniKeyFile: key } = ha;
  const tls = {
    ...(ca === undefined ? {} : { ca: readPem('PG_HA_PATRONI_CA_FILE', ca) }),
    ...(cert === undefined ? {} : { cert: readPem('PG_HA_PATRONI_CERT_FILE', cert) }),
    ...(key === undefined ? {} : { key: readPem('PG_HA_PATRONI_KEY_FILE', key) }),
  };
  return new PatroniResolver({ clock, urls, tls });
}
