import type { PoolClient } from 'pg';
import { internals } from '../dial/client-internals.ts';
import { renamed } from '../dial/renamed.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import type { HaQueryConfig } from './query-runner.ts';
import type { Statement } from './statements.ts';

/** invalid_sql_statement_name; of feature_not_supported: cached plan must not change result type */
const [UNKNOWN_NAME, OTHER_RESULT] = ['26000', '0A000'];
/** A statement that is run so often gets a name. */
const AFTER_USES = 5;

/**
 * Gives statements that are run again and again a name, so that a server reads and plans them once a connection. On each
 * connection the ones used last keep theirs, and at most `max` of them.
 * https://www.postgresql.org/docs/current/sql-prepare.html
 */
export class AutoPrepare {
  readonly #max: number;
  /** on each connection, by when they were used */
  readonly #known = new WeakMap<PoolClient, Set<string>>();
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** `config` under the name of its statement on `client`; undefined where it has none, or one of the app's. */
  named(client: PoolClient, statement: Statement, config: string | HaQueryConfig): HaQueryConfig | undefined {
    if (!statement.plain || statement.uses < AFTER_USES) return undefined;
    if (typeof config !== 'string' && (config.name || 'rows' in config)) return undefined;
    const name = (statement.name ??= `steadfast_${(this.#count += 1)}`);
    if (!this.#take(client, name)) return undefined;
    return typeof config === 'string' ? { text: config, name } : renamed(config, name);
  }

  /**
   * Whether `error` is about the name and not about the statement, which was not run then: a name that the server does not
   * know (any more), or one whose result has got another shape since. It is to be run again without; no statement gets that
   * name again, since others may be on their way under it.
   */
  isStale(client: PoolClient, statement: Statement, name: string, error: Error): boolean {
    const sqlstate = sqlstateOf(error);
    const { parsedStatements } = internals(client).connection;
    // What the server could not read has no name there: one that is never closed would take another's place for good.
    if (parsedStatements[name] === undefined) this.#known.get(client)?.delete(name);
    if (sqlstate !== UNKNOWN_NAME && sqlstate !== OTHER_RESULT) return false;
    if (statement.name === name) statement.name = undefined;
    if (sqlstate === OTHER_RESULT) return true; // it is closed when its turn comes
    this.#known.get(client)?.delete(name);
    delete parsedStatements[name];
    return true;
  }

  #take(client: PoolClient, name: string): boolean {
    let names = this.#known.get(client);
    if (!names) this.#known.set(client, (names = new Set()));
    if (!names.delete(name) && names.size >= this.#max && !closeOldest(client, names)) return false;
    names.add(name); // the last in order is the latest used
    return true;
  }
}

/** False where the oldest is so young that its own PARSE is still under way. */
function closeOldest(client: PoolClient, names: Set<string>): boolean {
  const { connection } = internals(client);
  for (const oldest of names) {
    if (connection.parsedStatements[oldest] === undefined) return false;
    names.delete(oldest);
    delete connection.parsedStatements[oldest];
    connection.close({ type: 'S', name: oldest }); // goes along with what is sent next
    break;
  }
  return true;
}
