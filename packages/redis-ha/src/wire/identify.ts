import { HaError, endpointKey, type Endpoint } from '@steadfast/shared';
import { Full, saysFull } from './full.ts';
import { ErrorReply, type Reply } from './reply.ts';
import type { WireConnection } from './wire-connection.ts';

/** Who we say we are. Without a password nothing is said. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** the settings to name when they are refused */
  readonly setting: string;
}

/**
 * What a member is.
 * - `busy`: alive, but a script keeps it from answering: it says nothing about its role.
 * - `notReady`: it cannot serve yet (loading, or its master link is down).
 */
export type Identity =
  | { readonly is: 'primary'; readonly clientId?: number | undefined }
  | { readonly is: 'replica' }
  | { readonly is: 'notReady'; readonly why: string }
  | { readonly is: 'busy'; readonly why: string };

export interface Asked {
  readonly timeoutMs: number;
  /** a lone server that forbids ROLE is asked for INFO, and one that forbids that too is taken at its word that it is there */
  readonly roleOptional: boolean;
  /** also ask for the connection's own number */
  readonly clientId?: boolean;
}

/** The question in one write: AUTH, ROLE, and a PING, which a server that is loading refuses while it answers ROLE already. */
export async function identify(
  connection: WireConnection,
  credentials: Credentials,
  options: Asked,
): Promise<Identity> {
  const login = authCommand(credentials);
  const number = options.clientId ? [['CLIENT', 'ID']] : [];
  const answers = await connection.ask([...login, ['ROLE'], ['PING'], ...number], options.timeoutMs);
  if (login.length > 0) checkLogin(answers[0], credentials, connection.endpoint);
  const [role, ping, clientId] = answers.slice(login.length);
  const identity =
    readIdentity(role, ping, credentials, connection.endpoint, options.roleOptional) ??
    (await askInfo(connection, options.timeoutMs));
  return identity.is === 'primary' && typeof clientId === 'number' ? { ...identity, clientId } : identity;
}

/** Providers forbid this and that: where ROLE is refused INFO may tell, and where that is refused too PING was answered. */
async function askInfo(connection: WireConnection, timeoutMs: number): Promise<Identity> {
  const [info] = await connection.ask([['INFO', 'replication']], timeoutMs);
  const role = typeof info === 'string' ? /^role:(\w+)/m.exec(info)?.[1] : undefined;
  return { is: role === 'slave' ? 'replica' : 'primary' };
}

/** AUTH, where there is a password. */
export function authCommand({ username, password }: Credentials): (readonly string[])[] {
  if (password === undefined || password === '') return [];
  return [username ? ['AUTH', username, password] : ['AUTH', password]];
}

/**
 * A server that wants no password at all is content, as ioredis is.
 * @throws HaError HA_AUTH; Full, which is no word about the password
 */
export function checkLogin(reply: Reply | undefined, credentials: Credentials, endpoint: Endpoint): void {
  if (!(reply instanceof ErrorReply)) return;
  if (/no password is set|without any password configured/.test(reply.message)) return;
  if (saysFull(reply)) throw new Full(endpoint, reply.message);
  throw refused(reply, credentials, endpoint);
}

export function refused(reply: ErrorReply, credentials: Credentials, endpoint: Endpoint): HaError {
  const message = `${endpointKey(endpoint)} refused the credentials (${reply.message}); check ${credentials.setting}`;
  return new HaError('HA_AUTH', message, { outcome: 'notSent', member: endpointKey(endpoint) });
}

/** Undefined where ROLE is refused and may be. */
function readIdentity(
  role: Reply | undefined,
  ping: Reply | undefined,
  credentials: Credentials,
  endpoint: Endpoint,
  roleOptional: boolean,
): Identity | undefined {
  if (role instanceof ErrorReply) {
    if (role.prefix === 'BUSY') return { is: 'busy', why: role.message };
    if (role.prefix === 'LOADING' || role.prefix === 'MASTERDOWN')
      return { is: 'notReady', why: role.message };
    if (role.prefix === 'NOAUTH' || !roleOptional) throw refused(role, credentials, endpoint);
  }
  if (ping instanceof ErrorReply) {
    if (ping.prefix === 'BUSY') return { is: 'busy', why: ping.message };
    if (ping.prefix === 'LOADING') return { is: 'notReady', why: 'it is loading its data' };
    if (ping.prefix === 'NOAUTH') throw refused(ping, credentials, endpoint);
  }
  if (role instanceof ErrorReply) return undefined;
  const word = Array.isArray(role) ? role[0] : undefined;
  if (word === 'master') return { is: 'primary' };
  if (word === 'slave') return { is: 'replica' };
  return { is: 'notReady', why: `it answered ROLE with ${JSON.stringify(word ?? role ?? null)}` };
}
