import { Socket } from 'node:net';
import pg from 'pg';
import { APP_DATABASE, SUPERUSER, type Blueprint, type Host } from '../blueprint.ts';

export type Row = Record<string, unknown>;

export interface SqlOptions {
  timeoutMs?: number;
  port?: number;
  user?: string;
  password?: string;
}

/** Runs one statement on a member, as superuser where nobody else is named, over a connection of its own. */
export async function sql(
  blueprint: Blueprint,
  host: Pick<Host, 'ip'>,
  text: string,
  values: readonly unknown[] = [],
  options: SqlOptions = {},
): Promise<Row[]> {
  const { timeoutMs = 3_000 } = options;
  const client = new pg.Client({
    host: host.ip,
    port: options.port ?? blueprint.ports.postgres,
    user: options.user ?? SUPERUSER,
    password: options.password ?? blueprint.secrets.superuser,
    database: APP_DATABASE,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ...(blueprint.names && { stream: () => socketFrom(blueprint.root.data.manager) }),
  });
  // A connection that breaks between two answers must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    // A frozen server answers no goodbye: the socket is destroyed behind it.
    const ended = client.end().catch(() => undefined);
    await Promise.race([ended, destroyed(client, 200)]);
  }
}

/** A socket that dials from the lab's own address, which is not the clients'. */
function socketFrom(localAddress: string): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (options: object) => Socket;
  socket.connect = ((port: number, host: string): Socket =>
    connect({ port, host, localAddress })) as Socket['connect'];
  return socket;
}

function destroyed(client: pg.Client, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
      resolve();
    }, afterMs);
    timer.unref();
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
