import { chatwootRedis } from './chatwoot-redis.ts';
import { chatwootSql } from './chatwoot-sql.ts';
import { connectRedis, connectSql } from './connect-only.ts';
import { keyValueRedis, keyValueSql } from './key-value.ts';
import { tpcb } from './tpcb.ts';
import type { Workload } from './workload.ts';

/** All that `--workload` knows by name. A name may stand for one workload a library. */
export const workloads: readonly Workload[] = [
  chatwootSql,
  chatwootRedis,
  tpcb,
  keyValueSql,
  keyValueRedis,
  connectSql,
  connectRedis,
];
