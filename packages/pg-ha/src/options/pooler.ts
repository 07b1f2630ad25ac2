import { wrongSetting, type Environment } from '@steadfast/shared';
import type { PoolConfig } from 'pg';

/** What is kept of session settings where sessions are shared. */
export interface PoolerSettings {
  /** sent with BEGIN in `pool.transaction`, since a pooler knows no session of ours that it could be set on */
  readonly statementTimeoutMs: number | undefined;
}

/** pg's options that reach the server as startup parameters, which PgBouncer refuses. */
const SESSION_OPTIONS = [
  'options',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'replication',
] as const;

/**
 * The settings of a pool behind PgBouncer in transaction mode: each transaction runs on whatever server session is free, so
 * nothing may be set on a session. A statement timeout, which deployments have in their environment, goes along with each
 * `pool.transaction`; anything else is refused, since leaving it out would change what statements do.
 * https://www.pgbouncer.org/features.html
 * @throws HaError HA_CONFIG naming the option
 */
export function forPooler(pool: PoolConfig, env: Environment): { pool: PoolConfig; pooler: PoolerSettings } {
  const given: Record<string, unknown> = { ...pool };
  if (env['PGOPTIONS']) given['options'] ??= env['PGOPTIONS'];
  for (const name of SESSION_OPTIONS) {
    if (!given[name]) continue;
    const allowed =
      'not set behind a pooler (PG_HA_POOLER), which keeps no session; set it on the role or the database: ALTER ROLE … SET …';
    throw wrongSetting(`option ${name}`, given[name], allowed);
  }
  const { statement_timeout: timeout, ...rest } = pool;
  const statementTimeoutMs = timeout === undefined || timeout === false ? undefined : Number(timeout);
  return { pool: rest, pooler: { statementTimeoutMs: statementTimeoutMs || undefined } };
}
