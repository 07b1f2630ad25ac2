import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { monotonicMs, type LabDescription } from '@steadfast/lab';

const SILENCE_MS = 700;

type Row = Record<string, unknown>;

/** One statement on a member as the app's user, over a connection of its own, with stock pg. */
export async function query(
  lab: LabDescription,
  at: { host: string; port: number },
  text: string,
  { timeoutMs = 1_000, ssl }: { timeoutMs?: number; ssl?: pg.ClientConfig['ssl'] } = {},
): Promise<Row[]> {
  const { user, password, database } = need(lab.postgres);
  const client = new pg.Client({
    ...at,
    user,
    password,
    database,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ...(ssl && { ssl }),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text)).rows;
  } finally {
    void client.end().catch(() => undefined);
  }
}

export function postgresMember(lab: LabDescription, name: string): { host: string; port: number } {
  return need(need(lab.postgres).members.find((each) => each.name === name));
}

/** Whether a member takes writes now, by making one. */
export async function writable(lab: LabDescription, name: string): Promise<boolean> {
  const [row] = await query(lab, postgresMember(lab, name), 'SELECT txid_current() AS txid').catch(notNow);
  return row?.['txid'] !== undefined;
}

/** A standby refuses with 25006; whoever does not answer takes no writes either. */
function notNow(): Row[] {
  return [];
}

/** One command on a host's Redis as the app's user, with stock ioredis. */
export async function redis(
  lab: LabDescription,
  name: string,
  ...command: [string, ...string[]]
): Promise<unknown> {
  const { members, username, password } = need(lab.redis);
  const { host, port } = need(members.find((each) => each.name === name));
  return call({ host, port, username, password }, command);
}

/** One command on a host's Sentinel as a client may give it. */
export async function sentinel(
  lab: LabDescription,
  name: string,
  ...command: [string, ...string[]]
): Promise<unknown> {
  const { sentinels, sentinelUsername, sentinelPassword } = need(lab.redis);
  const { host, port } = need(sentinels.find((each) => each.name === name));
  return call({ host, port, username: need(sentinelUsername), password: sentinelPassword }, command);
}

async function call(
  at: { host: string; port: number; username: string; password: string },
  [command, ...args]: [string, ...string[]],
): Promise<unknown> {
  const client = new Redis({
    ...at,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 1_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
}

/**
 * How a server takes a PING: 'answers', 'silent' where it connects and says nothing, 'unreachable' where nothing
 * connects, or the code with which it refuses.
 */
export function ping({ host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let connected = false;
    const finish = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(connected ? 'silent' : 'unreachable'), SILENCE_MS);
    socket.on('connect', () => {
      connected = true;
      socket.write('PING\r\n');
    });
    socket.on('data', () => finish('answers'));
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

/** Asks until the answer is the wanted one; the error shows the last answer. */
export async function becomes<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  const until = monotonicMs() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (monotonicMs() > until)
      throw new Error(`${what}: not within ${timeoutMs} ms, but ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}

/** Waits until a statement that sleeps is on that server, so that what happens next happens to it. */
export async function sleeping(lab: LabDescription, at: { host: string; port: number }): Promise<void> {
  const text = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
  const count = async (): Promise<number> => Number((await query(lab, at, text))[0]?.['n']);
  await becomes('a statement that sleeps', count, (n) => n > 0, 5_000);
}

/** How a promise ended: its code or message; what succeeded says so. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code ?? message;
  }
}

export function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the lab is without what this test needs');
  return value;
}
