import pg, { type PoolClient, type QueryConfig, type QueryResult } from 'pg';
import { renamed } from '../dial/renamed.ts';

/** The parts of pg's Query that are not in its types and that we override. `test/suites` checks that they are there. */
interface QueryInternals {
  requiresPreparation(this: unknown): boolean;
  prepare(this: unknown, connection: WireConnection): void;
  handleCommandComplete(this: unknown, message: unknown, connection: WireConnection): void;
}

/** The parts of pg's Connection that write messages of the extended protocol. */
interface WireConnection {
  parse(message: { name: string; text: string; types: readonly number[] }): void;
  bind(message: { portal: string; statement: string; values: readonly unknown[] }): void;
  execute(message: { portal: string; rows: number }): void;
}

const QUERY = pg.Query.prototype as unknown as QueryInternals;

/**
 * A statement that brings what opens its transaction along: BEGIN is sent before it, in the same message group, and the server
 * answers all of it at once.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
class OpeningQuery extends pg.Query {
  readonly #begin: readonly string[];
  #toSkip: number;

  constructor(
    begin: readonly string[],
    config: QueryConfig,
    callback: (error: Error | undefined, result: QueryResult) => void,
  ) {
    super(config, callback);
    this.#begin = begin;
    this.#toSkip = begin.length;
  }

  requiresPreparation(): boolean {
    return true;
  }

  prepare(connection: WireConnection): void {
    for (const text of this.#begin) {
      connection.parse({ name: '', text, types: [] });
      connection.bind({ portal: '', statement: '', values: [] });
      connection.execute({ portal: '', rows: 0 });
    }
    QUERY.prepare.call(this, connection);
  }

  handleCommandComplete(message: unknown, connection: WireConnection): void {
    if (this.#toSkip > 0) this.#toSkip -= 1;
    else QUERY.handleCommandComplete.call(this, message, connection);
  }
}

/** Runs a statement as the first of a transaction, in one round trip. It is not named: pg would note the name for BEGIN. */
export function queryOpening(
  client: PoolClient,
  begin: readonly string[],
  config: QueryConfig & { query_timeout?: number },
  values: unknown[] | undefined,
): Promise<QueryResult> {
  const unnamed = renamed<QueryConfig>(config, undefined);
  if (values) unnamed.values = values;
  return new Promise((resolve, reject) => {
    const query = new OpeningQuery(begin, unnamed, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    if (config.query_timeout) Object.assign(query, { query_timeout: config.query_timeout });
    client.query(query);
  });
}
