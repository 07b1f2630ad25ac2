import type { Link, Session } from '../scripted-server.ts';
import {
  authenticationOk,
  backendKeyData,
  bindComplete,
  commandComplete,
  dataRow,
  errorResponse,
  noData,
  parameterStatus,
  parseComplete,
  readyForQuery,
  rowDescription,
  type ServerError,
} from './messages.ts';
import { PgRequestReader, type ExtendedStep, type PgRequest, type Statement } from './pg-request.ts';
import type { Tables } from './tables.ts';

/** What a server says of itself, all of it to be changed while it runs. */
export interface PgSaying {
  standby: boolean;
  timeline: number;
  systemId: string;
  /** sent at login */
  parameters: Record<string, string>;
}

/** A backend's surroundings. */
export interface PgHost {
  readonly says: PgSaying;
  readonly tables: Tables;
  cancel(pid: number, secret: number): void;
}

interface Result {
  readonly tag: string;
  readonly columns: readonly string[];
  readonly rows: readonly (string | null)[][];
}

class SqlError extends Error {
  readonly details: ServerError;

  constructor(sqlstate: string, message: string) {
    super(message);
    this.details = { sqlstate, message };
  }
}

/** One backend: it knows as much SQL as the suites send. */
export class PgSession implements Session<PgRequest> {
  readonly pid: number;
  readonly secret: number;
  readonly #host: PgHost;
  readonly #link: Link;
  readonly #reader = new PgRequestReader();
  /** as ReadyForQuery says it */
  #status: 'I' | 'T' | 'E' = 'I';
  #uncommitted: { table: string; row: string[] }[] = [];
  #cancelled: (() => void) | undefined;

  constructor(host: PgHost, pid: number, link: Link) {
    this.#host = host;
    this.#link = link;
    this.pid = pid;
    this.secret = pid * 7 + 1;
  }

  read(chunk: Buffer): PgRequest[] {
    return this.#reader.read(chunk);
  }

  carryOut(request: PgRequest): Buffer | Promise<Buffer> {
    switch (request.is) {
      case 'ssl':
        return Buffer.from('N');
      case 'startup':
        return this.#login();
      case 'cancel':
        this.#host.cancel(request.pid, request.secret);
        this.#link.end();
        return Buffer.alloc(0);
      case 'query':
        return this.#simple(request.text);
      case 'extended':
        return this.#extended(request.steps);
      case 'terminate':
      case 'other':
        return Buffer.alloc(0);
    }
  }

  /** Ends a statement that runs. */
  cancel(): void {
    this.#cancelled?.();
  }

  /** What has not been committed never will be. */
  ended(): void {
    this.#uncommitted = [];
    this.#cancelled?.();
  }

  #login(): Buffer {
    const parameters = Object.entries(this.#host.says.parameters);
    return Buffer.concat([
      authenticationOk(),
      ...parameters.map(([name, value]) => parameterStatus(name, value)),
      backendKeyData(this.pid, this.secret),
      readyForQuery('I'),
    ]);
  }

  async #simple(text: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    try {
      for (const each of text.split(';').filter((one) => one.trim() !== '')) {
        const { tag, columns, rows } = await this.#execute({ text: each, values: [] });
        if (columns.length > 0) parts.push(rowDescription(columns));
        parts.push(...rows.map(dataRow), commandComplete(tag));
      }
    } catch (error) {
      parts.push(this.#failed(error));
    }
    return Buffer.concat([...parts, readyForQuery(this.#status)]);
  }

  async #extended(steps: readonly ExtendedStep[]): Promise<Buffer> {
    const parts: Buffer[] = [];
    try {
      for (const { is, statement } of steps) {
        if (is === 'parse') parts.push(parseComplete());
        if (is === 'bind') parts.push(bindComplete());
        if (is === 'describe') {
          const columns = columnsOf(statement.text);
          parts.push(columns.length > 0 ? rowDescription(columns) : noData());
        }
        if (is !== 'execute') continue;
        const { tag, rows } = await this.#execute(statement);
        parts.push(...rows.map(dataRow), commandComplete(tag));
      }
    } catch (error) {
      parts.push(this.#failed(error));
    }
    return Buffer.concat([...parts, readyForQuery(this.#status)]);
  }

  #failed(error: unknown): Buffer {
    if (!(error instanceof SqlError)) throw error;
    if (this.#status === 'T') this.#status = 'E';
    return errorResponse(error.details);
  }

  async #execute(statement: Statement): Promise<Result> {
    const text = statement.text.trim();
    const verb = (/^\w+/.exec(text)?.[0] ?? '').toUpperCase();
    if (verb === 'COMMIT') return this.#commit();
    if (verb === 'ROLLBACK') return this.#rollback();
    if (this.#status === 'E')
      throw new SqlError('25P02', 'current transaction is aborted, commands ignored until its end');
    if (verb === 'BEGIN') {
      this.#status = 'T';
      return done('BEGIN');
    }
    if (verb === 'INSERT') return this.#insert({ ...statement, text });
    if (text.includes('pg_is_in_recovery()')) return this.#identity(text);
    if (text.includes('pg_sleep')) return this.#sleep();
    if (verb === 'SELECT' || verb === 'SHOW')
      return { tag: 'SELECT 1', columns: columnsOf(text), rows: [['1']] };
    if (verb === 'SET' || verb === 'CREATE' || verb === 'LISTEN') return done(verb);
    throw new SqlError('42601', `syntax error at or near "${verb}"`);
  }

  #commit(): Result {
    const failed = this.#status === 'E';
    if (!failed) for (const { table, row } of this.#uncommitted) this.#host.tables.store(table, row);
    this.#end();
    return done(failed ? 'ROLLBACK' : 'COMMIT');
  }

  #rollback(): Result {
    this.#end();
    return done('ROLLBACK');
  }

  #end(): void {
    this.#status = 'I';
    this.#uncommitted = [];
  }

  #insert({ text, values }: Statement): Result {
    const { says, tables } = this.#host;
    if (says.standby) throw new SqlError('25006', 'cannot execute INSERT in a read-only transaction');
    const [, table = '', list = ''] = /^INSERT INTO (\w+)[^]*?VALUES \(([^)]*)\)/i.exec(text) ?? [];
    const row = list.split(',').map((cell) => cellOf(cell.trim(), values));
    const known = tables.isKeyed(table) ? tables.row(table, row[0] ?? '') : undefined;
    const wanted = text.includes('ON CONFLICT');
    if (known && !wanted) throw new SqlError('23505', 'duplicate key value violates unique constraint');
    if (!known && this.#status === 'T') this.#uncommitted.push({ table, row });
    else if (!known) tables.store(table, row);
    const columns = columnsOf(text);
    return { tag: 'INSERT 0 1', columns, rows: columns.length > 0 ? [[known?.[0] ?? row[1] ?? null]] : [] };
  }

  #identity(text: string): Result {
    const { standby, timeline, systemId } = this.#host.says;
    const file = standby ? null : timeline.toString(16).toUpperCase().padStart(8, '0');
    return { tag: 'SELECT 1', columns: columnsOf(text), rows: [[String(standby), file, systemId]] };
  }

  /** Until it is cancelled. */
  async #sleep(): Promise<Result> {
    await new Promise<void>((resolve) => (this.#cancelled = resolve));
    this.#cancelled = undefined;
    throw new SqlError('57014', 'canceling statement due to user request');
  }
}

function done(tag: string): Result {
  return { tag, columns: [], rows: [] };
}

function columnsOf(text: string): readonly string[] {
  if (text.includes('pg_is_in_recovery()')) return ['standby', 'timeline', 'system_id'];
  const returning = /\bRETURNING (\w+)/i.exec(text)?.[1];
  if (returning) return [returning];
  return /^\s*(select|show)\b/i.test(text) ? ['x'] : [];
}

function cellOf(cell: string, values: readonly (string | null)[]): string {
  if (cell.startsWith('$')) return values[Number(cell.slice(1)) - 1] ?? '';
  return cell.replaceAll("'", '');
}
