import type { ClientBase } from 'pg';
import type { Endpoint, Instant, SelfObservation } from '@steadfast/shared';
import { sqlstateOf } from '../errors/sqlstate.ts';

/** What a server says of itself, by SQL. */
export interface Identity {
  readonly role: 'primary' | 'replica';
  /** the timeline it writes; undefined on a standby, or where we may not ask */
  readonly timeline: number | undefined;
  /** pg_control_system's system identifier: the same for all members of a cluster */
  readonly systemId: string | undefined;
}

/** How a member's answer becomes an observation, by strategy. */
export type Observe = (endpoint: Endpoint, identity: Identity, at: Instant) => SelfObservation;

/**
 * `pg_control_checkpoint()` still names the old timeline just after a promotion; the name of the WAL file being written
 * does not. On a standby pg_current_wal_lsn() would raise an error, hence the CASE.
 */
const IDENTITY_SQL = `SELECT pg_is_in_recovery()::text AS standby,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline,
  (SELECT system_identifier::text FROM pg_control_system()) AS system_id`;

/** For servers where an administrator has withdrawn the functions above. */
const ROLE_SQL = 'SELECT pg_is_in_recovery()::text AS standby, NULL AS timeline, NULL AS system_id';

interface IdentityRow {
  /** 'true' or 'false': as text, whatever the app's type parsers make of booleans */
  standby: string;
  timeline: string | null;
  system_id: string | null;
}

type Query = (sql: string) => Promise<{ rows: IdentityRow[] }>;

/** Asks a server what it is, over a connection that stands. */
export async function readIdentity(client: Pick<ClientBase, 'query'>): Promise<Identity> {
  const query: Query = (sql) => client.query<IdentityRow>(sql);
  const { rows } = await query(IDENTITY_SQL).catch((error: unknown) => {
    if (sqlstateOf(error) === '42501') return query(ROLE_SQL); // insufficient_privilege
    throw error;
  });
  const row = rows[0];
  if (!row) throw new Error('the server gave no answer about its role');
  return {
    role: row.standby === 'true' ? 'replica' : 'primary',
    timeline: row.timeline === null ? undefined : Number.parseInt(row.timeline, 16),
    systemId: row.system_id ?? undefined,
  };
}
