import { isError, isHaError, peek, type Outcome } from '@steadfast/shared';

/** What an SQLSTATE says about the work and about the server. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export interface SqlstateMeaning {
  readonly outcome: Outcome;
  /** the server is the wrong one, or not ready: another one, or a moment, will do */
  readonly byRole: boolean;
  /** the whole transaction may be replayed */
  readonly replay: boolean;
}

const PLAIN: SqlstateMeaning = { outcome: 'rejected', byRole: false, replay: false };
const SERVER_GONE: SqlstateMeaning = { outcome: 'rejected', byRole: true, replay: true };
const NOT_READY: SqlstateMeaning = { outcome: 'notSent', byRole: true, replay: true };
const UNKNOWN: SqlstateMeaning = { outcome: 'unknown', byRole: true, replay: false };
const REMOTE_UNKNOWN: SqlstateMeaning = { ...UNKNOWN, byRole: false };

/** Said as an ERROR: the session goes on, so what is said of a session is said of another one, which the statement uses. */
const OF_A_STATEMENT: ReadonlyMap<string, SqlstateMeaning> = new Map([
  ['25006', SERVER_GONE], // read_only_sql_transaction: this is a standby, or has become one
  ['40001', { ...PLAIN, replay: true }], // serialization_failure
  ['40P01', { ...PLAIN, replay: true }], // deadlock_detected
  ['40003', UNKNOWN], // statement_completion_unknown
  ['08007', UNKNOWN], // transaction_resolution_unknown
  ['08000', REMOTE_UNKNOWN], // of a foreign server, which may have committed its part
  ['08003', REMOTE_UNKNOWN],
  ['08006', REMOTE_UNKNOWN],
]);

/** Said as the end of our own session. */
const OF_OUR_SESSION: ReadonlyMap<string, SqlstateMeaning> = new Map([
  ...OF_A_STATEMENT,
  ['57P01', SERVER_GONE], // admin_shutdown; a lost COMMIT is told apart by the statement
  ['57P02', SERVER_GONE], // crash_shutdown
  ['57P03', NOT_READY], // cannot_connect_now
  ['57P05', SERVER_GONE], // idle_session_timeout
  ['53300', NOT_READY], // too_many_connections
  ['08001', NOT_READY], // sqlclient_unable_to_establish_sqlconnection
  ['08004', NOT_READY], // sqlserver_rejected_establishment_of_sqlconnection
  ['08000', UNKNOWN],
  ['08003', UNKNOWN],
  ['08006', UNKNOWN], // connection_failure
]);

/** What a server's error means, or undefined where the error is not a server's. */
export function meaningOf(error: unknown): SqlstateMeaning | undefined {
  const sqlstate = sqlstateOf(error);
  if (sqlstate === undefined) return undefined;
  const severity = peek(error, 'severity');
  // A server that cannot go on once it has begun to commit says so by PANIC, with the SQLSTATE of what went wrong.
  if (severity === 'PANIC') return UNKNOWN;
  return (severity === 'ERROR' ? OF_A_STATEMENT : OF_OUR_SESSION).get(sqlstate) ?? PLAIN;
}

/** invalid_authorization_specification, invalid_password, invalid_catalog_name */
const LOGIN_REFUSALS: ReadonlySet<string | undefined> = new Set(['28000', '28P01', '3D000']);

/** Whether an answer to a login refuses user, password or database: asking elsewhere would hide the cause. */
export function refusesLogin(error: unknown): boolean {
  return LOGIN_REFUSALS.has(sqlstateOf(error));
}

/**
 * The SQLSTATE of a server's error, or undefined where the error is not a server's. PgBouncer says every trouble of its own
 * as a fatal protocol violation, a lost server among them; a server's own violations are not fatal, and end no connection.
 */
export function sqlstateOf(error: unknown): string | undefined {
  const [code, severity] = [peek(error, 'code'), peek(error, 'severity')];
  if (typeof code !== 'string' || typeof severity !== 'string' || !/^[0-9A-Z]{5}$/.test(code))
    return undefined;
  return code === '08P01' && severity === 'FATAL' ? '08006' : code;
}

/** What a server says of our session as its end alone; as an ERROR it is of another server's, which a statement uses. */
const ENDS_SESSION: ReadonlySet<unknown> = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);

/** Whether the server ends the session with this error. The word for it may be in the server's language. */
export function isFatal(error: object): boolean {
  const severity = peek(error, 'severity');
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  return typeof severity === 'string' && severity !== 'ERROR' && ENDS_SESSION.has(peek(error, 'code'));
}

/** The error that a library has wrapped in one of its own (Drizzle does): the nearest that the server or this client made. */
export function driverErrorOf(error: Error): Error {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && isError(at); depth++) {
    if (isHaError(at) || sqlstateOf(at) !== undefined) return at;
    at = peek(at, 'cause');
  }
  return error;
}
