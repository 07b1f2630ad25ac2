import { readCertificates, readKey, type Clock, type HaLogger } from '@steadfast/shared';
import { PatroniResolver } from '../discovery/patroni-resolver.ts';
import type { PoolSettings } from '../options/pool-options.ts';

/** Patroni's REST API as the settings name it. */
export function patroniSource(
  urls: readonly URL[],
  { ha }: PoolSettings,
  clock: Clock,
  log: HaLogger,
): PatroniResolver {
  const { patroniCaFile: ca, patroniCertFile: cert, patroniKeyFile: key } = ha;
  const tls = {
    ...(ca === undefined ? {} : { ca: readCertificates('PG_HA_PATRONI_CA_FILE', ca) }),
    ...(cert === undefined ? {} : { cert: readCertificates('PG_HA_PATRONI_CERT_FILE', cert) }),
    ...(key === undefined ? {} : { key: readKey('PG_HA_PATRONI_KEY_FILE', key) }),
  };
  const onRefused = (host: string): void => {
    log.warn(
      { event: 'host-refused', host },
      'Patroni names a host that allowedHosts (PG_HA_ALLOWED_HOSTS) does not allow; it is never dialled',
    );
  };
  return new PatroniResolver({ clock, urls, tls, allowed: ha.allowedHosts, onRefused });
}
