import type { Client } from 'pg';
import type { Socket } from 'node:net';
import { pgConnection, sqlState, type PgLogin } from './pg-connection.ts';
import type { Session } from './poller.ts';

export type PgAnswer =
  | { role: 'replica' }
  | { role: 'primary'; wrote: true; timeline: number }
  | { role: 'primary'; wrote: false; state?: string; reason: string };

const UNDEFINED_TABLE = '42P01';
const READ_ONLY = '25006';

const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS lab_observer (observer text PRIMARY KEY, writes bigint NOT NULL, wrote_at timestamptz NOT NULL)
  WITH (fillfactor = 50)`;
/** An ordinary commit, synchronous replication included: 'accepts writes' means that an application's write returns. */
const WRITE = `
  INSERT INTO lab_observer AS mine VALUES ($1, 1, clock_timestamp())
  ON CONFLICT (observer) DO UPDATE SET writes = mine.writes + 1, wrote_at = clock_timestamp()
  RETURNING ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int AS timeline`;
/** A backend that waits for a lost standby does not notice that its client has gone: the next session ends it. */
const END_LEFT_BEHIND = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()`;

/** Asks one member its role and, when it says primary, makes it prove so by a write. */
export class PgMemberSession implements Session<PgAnswer> {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #application: string;
  #isPrimary = false;
  #warning: string | undefined;

  constructor(host: string, port: number, login: PgLogin) {
    const { client, socket } = pgConnection(host, port, login);
    this.#client = client;
    this.#socket = socket;
    this.#application = login.application;
    // A wait for a standby that was broken off is a mere warning, and the write is reported as done.
    client.on('notice', (notice) => {
      if (notice.severity === 'WARNING') this.#warning = notice.message ?? 'a warning';
    });
  }

  get connected(): boolean {
    return !this.#socket.pending;
  }

  async open(): Promise<void> {
    await this.#client.connect();
    await this.#client.query(END_LEFT_BEHIND, [this.#application]);
  }

  async ask(): Promise<PgAnswer> {
    const answer = await this.#try();
    if (answer.role === 'replica' || answer.wrote || answer.state !== UNDEFINED_TABLE) return answer;
    await this.#createTable();
    return await this.#try();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #try(): Promise<PgAnswer> {
    try {
      // The role of a primary needs no question of its own: a write says more.
      if (!this.#isPrimary) this.#isPrimary = !(await this.#inRecovery());
      return this.#isPrimary ? await this.#write() : { role: 'replica' };
    } catch (error) {
      const state = sqlState(error);
      if (state === undefined || (error as { severity: string }).severity !== 'ERROR') throw error;
      if (state === READ_ONLY) this.#isPrimary = false;
      return { role: 'primary', wrote: false, state, reason: (error as Error).message };
    }
  }

  async #inRecovery(): Promise<boolean> {
    const { rows } = await this.#client.query<{ recovery: boolean }>({
      name: 'role',
      text: 'SELECT pg_is_in_recovery() AS recovery',
    });
    return rows[0]?.recovery !== false;
  }

  async #write(): Promise<PgAnswer> {
    this.#warning = undefined;
    const { rows } = await this.#client.query<{ timeline: number }>({
      name: 'write',
      text: WRITE,
      values: [this.#application],
    });
    if (this.#warning !== undefined) return { role: 'primary', wrote: false, reason: this.#warning };
    return { role: 'primary', wrote: true, timeline: rows[0]?.timeline ?? 0 };
  }

  async #createTable(): Promise<void> {
    // Another observer may be making it at the same moment: the next question shows whether it is there.
    await this.#client.query(CREATE_TABLE).catch((error: unknown) => {
      if (sqlState(error) === undefined) throw error;
    });
  }
}
