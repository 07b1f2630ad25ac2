import { ScriptedServer, type Link } from '../scripted-server.ts';
import { errorResponse } from './messages.ts';
import type { PgRequest } from './pg-request.ts';
import { PgSession, type PgHost, type PgSaying } from './pg-session.ts';
import { Tables } from './tables.ts';

/**
 * A PostgreSQL server whose role, answers and silences are a test's to choose. Rules match `connect`, `ssl`, `startup`, `cancel`,
 * `terminate`, or the SQL of a statement (of all statements of an extended query, joined by '; ').
 */
export class ScriptedPostgres extends ScriptedServer<PgRequest, PgSession> implements PgHost {
  readonly says: PgSaying;
  readonly tables: Tables;

  private constructor(says: PgSaying, tables: Tables) {
    super();
    this.says = says;
    this.tables = tables;
  }

  /** @param tables those of a cluster, which its members share */
  static start(says: Partial<PgSaying> = {}, tables: Tables = new Tables()): Promise<ScriptedPostgres> {
    const parameters = { server_version: '16.4', client_encoding: 'UTF8', in_hot_standby: 'off' };
    const saying = { standby: false, timeline: 1, systemId: '7000000000000000001', parameters, ...says };
    return new ScriptedPostgres(saying, tables).start();
  }

  cancel(pid: number, secret: number): void {
    for (const session of this.sessions)
      if (session.pid === pid && session.secret === secret) session.cancel();
  }

  /** As pg_ctl's fast shutdown ends sessions. */
  terminateAll(): void {
    const message = 'terminating connection due to administrator command';
    this.say(errorResponse({ severity: 'FATAL', sqlstate: '57P01', message }));
    this.cut();
  }

  protected session(link: Link): PgSession {
    return new PgSession(this, this.taken, link);
  }
}
