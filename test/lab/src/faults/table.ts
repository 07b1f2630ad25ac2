import type { FaultName } from '../types.ts';
import { haproxyBoth, haproxyDown, haproxyRestart, haproxyStale } from './balancer.ts';
import { diskFull } from './disk-full.ts';
import type { FaultKind } from './fault-kind.ts';
import { crash, freeze } from './host.ts';
import { halfOpen, slowLink } from './link.ts';
import { etcdQuorumLoss, sentinelMajorityLoss } from './majority.ts';
import { certExpired, dnsFlip, dnsStale, tooManyConnections } from './managed.ts';
import { partition, partitionClients, partitionDcs, redisPartition } from './network.ts';
import { restart, sentinelFailover, switchover } from './planned.ts';
import { otherGroup } from './other-group.ts';
import { freezePatroni, freezePostgres, killPatroni, killPostgres } from './postgres-process.ts';
import { redisCrash, redisFreeze, sentinelMinority } from './redis-process.ts';
import { twinPrimary } from './twin-primary.ts';

/** Every fault the lab can make. */
export const FAULTS: Record<FaultName, FaultKind> = {
  crash,
  'kill-postgres': killPostgres,
  'kill-patroni': killPatroni,
  freeze,
  'freeze-postgres': freezePostgres,
  'freeze-patroni': freezePatroni,
  'disk-full': diskFull,
  'twin-primary': twinPrimary,
  partition,
  'partition-clients': partitionClients,
  'partition-dcs': partitionDcs,
  switchover,
  restart,
  'haproxy-restart': haproxyRestart,
  'haproxy-down': haproxyDown,
  'haproxy-stale': haproxyStale,
  'haproxy-both': haproxyBoth,
  'etcd-quorum-loss': etcdQuorumLoss,
  'dns-flip': dnsFlip,
  'dns-stale': dnsStale,
  'cert-expired': certExpired,
  'too-many-connections': tooManyConnections,
  'redis-crash': redisCrash,
  'redis-freeze': redisFreeze,
  'redis-partition': redisPartition,
  'sentinel-minority': sentinelMinority,
  'sentinel-majority-loss': sentinelMajorityLoss,
  'sentinel-failover': sentinelFailover,
  'other-group': otherGroup,
  'slow-link': slowLink,
  'half-open': halfOpen,
};
