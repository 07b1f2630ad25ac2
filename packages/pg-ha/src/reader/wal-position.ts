import { wrongSetting } from '@steadfast/shared';

/** A place in a cluster's log: everything committed before it is visible to whoever has applied the log that far. */
export interface WalPosition {
  /** 0 where it could not be asked */
  readonly timeline: number;
  /** bytes since the log's beginning: the LSN as a number, exact up to 8 PB */
  readonly lsn: number;
}

/** Pages of the log have 8 KiB unless PostgreSQL was built otherwise, and begin with a header of 24 bytes. */
const PAGE_BYTES = 8_192;
const PAGE_HEADER_BYTES = 24;
/** That of a file's first page is longer: the log is there after pg_switch_wal() or `archive_timeout`. */
const FILE_HEADER_BYTES = 40;

/**
 * The LSN from which the next record will be written may lie just behind a page's header, where nothing that is replayed ever
 * ends: standbys would be waited for until more is written.
 * @param inFile the LSN as a place in its file
 */
export function endOfLog(lsn: number, inFile: number): number {
  if (inFile === FILE_HEADER_BYTES) return lsn - FILE_HEADER_BYTES;
  return lsn % PAGE_BYTES === PAGE_HEADER_BYTES ? lsn - PAGE_HEADER_BYTES : lsn;
}

/** The position as a short text that may stand in a cookie or a URL: `3-16B3748`. */
export function formatToken({ timeline, lsn }: WalPosition): string {
  return `${timeline}-${lsn.toString(16).toUpperCase()}`;
}

/** @throws HaError HA_CONFIG */
export function parseToken(token: unknown): WalPosition {
  const match = typeof token === 'string' ? /^(\d{1,10})-([0-9A-F]{1,13})$/.exec(token) : null;
  const [, timeline, lsn] = match ?? [];
  if (timeline === undefined || lsn === undefined)
    throw wrongSetting('option after', token, 'what pool.token() gave, such as 3-16B3748');
  return { timeline: Number(timeline), lsn: Number.parseInt(lsn, 16) };
}

/** Asks a primary how far its log goes: at least as far as every commit it has answered. */
export const TOKEN_SQL = `SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline,
  pg_wal_lsn_diff(lsn, '0/0')::text AS lsn, (pg_walfile_name_offset(lsn)).file_offset::text AS in_file
  FROM pg_current_wal_insert_lsn() AS lsn`;

export interface TokenRow {
  timeline: string;
  lsn: string;
  in_file: string;
}

export function readToken([row]: readonly TokenRow[]): string {
  if (!row) throw new Error('the server gave no answer about its log');
  const { timeline, lsn, in_file: inFile } = row;
  return formatToken({ timeline: Number.parseInt(timeline, 16), lsn: endOfLog(Number(lsn), Number(inFile)) });
}
