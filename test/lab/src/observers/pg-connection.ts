import { Socket } from 'node:net';
import { Client, type ClientConfig } from 'pg';

export interface PgLogin {
  database: string;
  user: string;
  password: string;
  /** application_name. */
  application: string;
}

/** A plain `pg` client on a socket of ours, so that it can be destroyed at once and its dialling be watched. */
export interface PgConnection {
  client: Client;
  socket: Socket;
}

export function pgConnection(host: string, port: number, login: PgLogin): PgConnection {
  const socket = new Socket();
  const config: ClientConfig = {
    host,
    port,
    database: login.database,
    user: login.user,
    password: login.password,
    application_name: login.application,
    stream: () => socket,
  };
  const client = new Client(config);
  // Whoever waits for an answer hears of it too; without a listener it would end the process.
  client.on('error', () => undefined);
  return { client, socket };
}

/** The SQLSTATE of an error that a server sent; undefined when the connection itself failed. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' ? code : undefined;
}
