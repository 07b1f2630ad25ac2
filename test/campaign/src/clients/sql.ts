import { rolledBack } from './rolled-back.ts';

/** What all PostgreSQL clients send, so that they are compared at the same work. */

/** The timeline that the server writes on: its epoch, in the same answer. */
const EPOCH = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS epoch";

/**
 * Tables that serializable transactions use. What they read is remembered by row, by page, or by table: few rows a page, and
 * no statistics by which a small table were read as a whole, keep transactions apart that have nothing to do with each other.
 */
const APART = 'WITH (fillfactor = 10, autovacuum_enabled = false)';

/** No key where a doubled row must be able to show. */
export const TABLES: string = `
  CREATE TABLE IF NOT EXISTS campaign (client text NOT NULL, kind text NOT NULL, id text NOT NULL);
  CREATE TABLE IF NOT EXISTS campaign_keyed (client text, id text, PRIMARY KEY (client, id));
  CREATE TABLE IF NOT EXISTS campaign_list
    (client text, key text, elements text NOT NULL, PRIMARY KEY (client, key)) ${APART};
  CREATE TABLE IF NOT EXISTS campaign_bank
    (client text, account text, balance int NOT NULL, PRIMARY KEY (client, account)) ${APART};
  CREATE TABLE IF NOT EXISTS campaign_session
    (client text, session int, number int NOT NULL, PRIMARY KEY (client, session)) ${APART};
  TRUNCATE campaign, campaign_keyed, campaign_list, campaign_bank, campaign_session`;

export const OPEN_ACCOUNT = 'INSERT INTO campaign_bank (client, account, balance) VALUES ($1, $2, $3)';

export const INSERT: string = `INSERT INTO campaign (client, kind, id) VALUES ($1, $2, $3) RETURNING ${EPOCH}`;

export const UPSERT: string = `INSERT INTO campaign_keyed (client, id) VALUES ($1, $2)
  ON CONFLICT (client, id) DO UPDATE SET id = excluded.id RETURNING ${EPOCH}`;

/** A statement that does nothing but tell it. */
export const EPOCH_OF_SERVER: string = `SELECT ${EPOCH}`;

export const READ = 'SELECT id FROM campaign_keyed WHERE client = $1 LIMIT 1';

/** A list is its elements with commas between them: no driver's own reading of arrays is in the way. */
export const APPEND: string = `INSERT INTO campaign_list (client, key, elements) VALUES ($1, $2, $3)
  ON CONFLICT (client, key) DO UPDATE SET elements = campaign_list.elements || ',' || excluded.elements
  RETURNING ${EPOCH}`;

export const READ_LIST = 'SELECT elements FROM campaign_list WHERE client = $1 AND key = $2';

export const BALANCES =
  'SELECT account, balance FROM campaign_bank WHERE client = $1 AND account IN ($2, $3)';

export const SET_BALANCE: string = `UPDATE campaign_bank SET balance = $3
  WHERE client = $1 AND account = $2 RETURNING ${EPOCH}`;

export const AUDIT = 'SELECT account, balance FROM campaign_bank WHERE client = $1';

/** A late repeat must not take back what was written since. */
export const SESSION_WRITE: string = `INSERT INTO campaign_session (client, session, number) VALUES ($1, $2, $3)
  ON CONFLICT (client, session) DO UPDATE SET number = greatest(campaign_session.number, excluded.number)
  RETURNING ${EPOCH}`;

export const SESSION_READ = 'SELECT number FROM campaign_session WHERE client = $1 AND session = $2';

export interface EpochRow {
  epoch: number;
}

export function epochOf(rows: readonly Partial<EpochRow>[]): number | undefined {
  return rows[0]?.epoch;
}

/** What an error of a driver without outcomes says: an SQL error means rolled back; a broken link says nothing. */
export function peerOutcome(error: unknown): 'fail' | 'unknown' {
  const { code } = error as { code?: unknown };
  const refused = code === 'ECONNREFUSED' || code === 'CONNECT_TIMEOUT';
  return refused || rolledBack(error) ? 'fail' : 'unknown';
}
