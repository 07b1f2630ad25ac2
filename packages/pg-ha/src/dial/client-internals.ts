import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { ClientBase } from 'pg';
import type { Framed } from './frame-guard.ts';

/** A statement as pg's Client queues it. */
export interface QueuedQuery {
  readonly text?: string;
  /** what has been answered so far: `command` is of a statement that is done; an array where its text has several */
  readonly _result?: { readonly command?: string | null };
  readonly _results?: unknown;
  handleError(error: Error, connection: unknown): void;
  /** its success */
  handleReadyForQuery(connection: unknown): void;
}

/**
 * The parts of pg's Client that are not in its types and that we read or call; all present from pg 8.20 on.
 * `test/suites` checks each of them against the installed pg, so that a change there is seen here first.
 * https://github.com/brianc/node-postgres/blob/master/packages/pg/lib/client.js
 */
export interface ClientInternals {
  host: string;
  port: number;
  readonly connection: EventEmitter &
    Framed & {
      stream: Socket;
      /** the named statements that the server has */
      readonly parsedStatements: Record<string, string>;
      /** writes the message that ends one of them */
      close(statement: { type: 'S'; name: string }): void;
    };
  readonly connectionParameters: { host: string; port: number; query_timeout?: number | false };
  /** what a cancel request names: given by the server at login */
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly ssl: ConnectionOptions | boolean;
  readonly sslNegotiation?: string;
  readonly _activeQuery: QueuedQuery | null | undefined;
  readonly _queryQueue: QueuedQuery[];
  /** of a pipeline: sent, and not answered yet */
  readonly _sentQueryQueue?: QueuedQuery[];
  /** statements are sent without waiting for the answers to those before; pg reads it at each */
  pipeline?: boolean;
  /** statements are taken */
  _queryable: boolean;
  /** it has logged in */
  readonly _connected: boolean;
  readonly _ending: boolean;
  readonly _txStatus?: string | null;
  /** the server waits for the next statement */
  readonly readyForQuery?: boolean;
  /** sends the next statement, at every ReadyForQuery and for every new one */
  _pulseQueryQueue(this: unknown): void;
  /** pg-pool's, made anew each time it hands the client out */
  release: (error?: Error | boolean) => void;
  /** pg-pool's: how often it was given back, for `maxUses` */
  _poolUseCount?: number;
  query(this: unknown, ...args: unknown[]): unknown;
  _errorAllQueries(this: unknown, error: Error): void;
  _handleErrorMessage(this: unknown, message: Error): void;
  _handleNotice(this: unknown, notice: { message?: string; routine?: string }): void;
}

export function internals(client: ClientBase): ClientInternals {
  return client as unknown as ClientInternals;
}

/** Whether the server has said of a statement in this text that it is done. */
export function isPartlyAnswered({ _result, _results }: QueuedQuery): boolean {
  return Array.isArray(_results) || Boolean(_result?.command);
}

/** Whether a statement can still be sent. Of a link that its server has closed without a word pg hears a moment after its socket. */
export function isUsable(client: ClientBase): boolean {
  const { _queryable, _ending, connection } = internals(client);
  return _queryable && !_ending && connection.stream.writable;
}

/** Whether the server waits for a statement, outside of any transaction. */
export function isIdle(client: ClientBase): boolean {
  const { readyForQuery, _txStatus } = internals(client);
  return isUsable(client) && readyForQuery === true && _txStatus === 'I';
}

/** The text of a statement, as it is given to pg. */
export function textOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config;
  const { text } = config as { text?: unknown };
  return typeof text === 'string' ? text : undefined;
}
