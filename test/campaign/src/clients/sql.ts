/** What all PostgreSQL clients send, so that they are compared at the same work. */

/** The timeline that the server writes on: its epoch, in the same answer. */
const EPOCH = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS epoch";

/** No key: a doubled row must be able to show. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS campaign (client text NOT NULL, kind text NOT NULL, id text NOT NULL);
  CREATE TABLE IF NOT EXISTS campaign_keyed (client text, id text, PRIMARY KEY (client, id));
  TRUNCATE campaign, campaign_keyed`;

export const INSERT: string = `INSERT INTO campaign (client, kind, id) VALUES ($1, $2, $3) RETURNING ${EPOCH}`;

export const UPSERT: string = `INSERT INTO campaign_keyed (client, id) VALUES ($1, $2)
  ON CONFLICT (client, id) DO UPDATE SET id = excluded.id RETURNING ${EPOCH}`;

/** A statement that does nothing but tell it. */
export const EPOCH_OF_SERVER: string = `SELECT ${EPOCH}`;

export const READ = 'SELECT id FROM campaign_keyed WHERE client = $1 LIMIT 1';

export interface EpochRow {
  epoch: number;
}

export function epochOf(rows: readonly Partial<EpochRow>[]): number | undefined {
  return rows[0]?.epoch;
}

/** SQLSTATEs under which a server may have committed all the same: it was told to stop while it waited for its standby. */
const STOPPED = /^(57P0[12]|08|40003)/;

/** What an error of a driver without outcomes says: an SQL error means rolled back; a broken link says nothing. */
export function peerOutcome(error: unknown): 'fail' | 'unknown' {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return 'unknown';
  if (code === 'ECONNREFUSED' || code === 'CONNECT_TIMEOUT') return 'fail';
  return /^[0-9A-Z]{5}$/.test(code) && !STOPPED.test(code) ? 'fail' : 'unknown';
}
