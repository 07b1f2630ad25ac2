import type { ClientBase } from 'pg';
import { sqlstateOf } from '../errors/sqlstate.ts';

/** What a member says of itself when it is looked at for reads. Positions are LSNs as numbers. */
export interface Standing {
  readonly role: 'primary' | 'replica';
  /** of a primary: what it has written; of a standby: what it has replayed */
  readonly position: number;
  /** the furthest that a standby may get without hearing from anybody: what it has received or replayed */
  readonly received: number;
  /** the timeline that a primary writes */
  readonly timeline: number | undefined;
  /** a server sends a standby its log at this moment */
  readonly receives: boolean;
  /** the timeline of what it is sent (shown to pg_monitor alone) */
  readonly receivedTimeline: number | undefined;
  /** a timeline that a standby is known to have replayed: its last checkpoint's, or that of the last page it has put on disk */
  readonly replayedTimeline: number | undefined;
  readonly systemId: string | undefined;
  /** sessions may not write unless they ask for it */
  readonly readOnly: boolean;
}

/**
 * pg_current_wal_lsn() is what has been written, which commits wait for; the next record's place may lie further. No function
 * says which timeline a standby replays; see `follows` for what can be told.
 */
const sqlOf = (timeline: string, replayedTimeline: string, systemId: string): string => `
  SELECT pg_is_in_recovery()::text AS standby,
    pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, '0/0')::text AS position,
    pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')::text AS received,
    ${timeline} AS timeline,
    (SELECT count(*) FROM pg_stat_wal_receiver)::text AS receivers,
    (SELECT received_tli FROM pg_stat_wal_receiver)::text AS received_timeline,
    ${replayedTimeline} AS replayed_timeline,
    ${systemId} AS system_id,
    current_setting('default_transaction_read_only') AS read_only`;

const STANDING_SQL = sqlOf(
  'CASE WHEN pg_is_in_recovery() THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END',
  '(SELECT greatest(timeline_id, min_recovery_end_timeline) FROM pg_control_checkpoint(), pg_control_recovery())::text',
  '(SELECT system_identifier::text FROM pg_control_system())',
);

/** For servers where an administrator has withdrawn those functions. */
const POSITION_SQL = sqlOf('NULL', 'NULL', 'NULL');

interface StandingRow {
  standby: string;
  position: string | null;
  received: string | null;
  timeline: string | null;
  receivers: string;
  received_timeline: string | null;
  replayed_timeline: string | null;
  system_id: string | null;
  read_only: string;
}

/** The timeline that a standby shows to be on, as far as it may say; undefined where it shows none. */
export function shownTimeline({ receivedTimeline, replayedTimeline }: Standing): number | undefined {
  return receivedTimeline ?? replayedTimeline;
}

export async function readStanding(client: Pick<ClientBase, 'query'>): Promise<Standing> {
  const { rows } = await client.query<StandingRow>(STANDING_SQL).catch((error: unknown) => {
    if (sqlstateOf(error) === '42501') return client.query<StandingRow>(POSITION_SQL); // insufficient_privilege
    throw error;
  });
  const row = rows[0];
  if (!row) throw new Error('the server gave no answer about its position');
  const position = Number(row.position ?? 0);
  return {
    role: row.standby === 'true' ? 'replica' : 'primary',
    position,
    received: Math.max(position, Number(row.received ?? 0)),
    timeline: row.timeline === null ? undefined : Number.parseInt(row.timeline, 16),
    receives: row.receivers !== '0',
    receivedTimeline: row.received_timeline === null ? undefined : Number(row.received_timeline),
    replayedTimeline: row.replayed_timeline === null ? undefined : Number(row.replayed_timeline),
    systemId: row.system_id ?? undefined,
    readOnly: row.read_only === 'on',
  };
}
