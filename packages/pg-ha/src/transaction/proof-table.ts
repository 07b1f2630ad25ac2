import type { PoolClient, QueryResult } from 'pg';

export const PROOF_TABLE = 'steadfast_commit_proof';

/** The table as a session finds it that nobody has told where to look: the first on its path, temporary ones left out. */
const FIND_SQL = `SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = '${PROOF_TABLE}' AND c.relkind IN ('r', 'p') AND n.nspname = ANY (current_schemas(false))
  ORDER BY array_position(current_schemas(false), n.nspname) LIMIT 1`;

/**
 * Where proofs are kept: one table for a pool, by its full name. A transaction may change its `search_path`; its proof would go
 * into another table than the one in which it is claimed, and what has been committed would be done again.
 */
export class ProofTable {
  #name: string | undefined;

  /** Asks once, before a transaction begins. Where there is none, the short name: the server will say so. */
  async nameOn(client: PoolClient): Promise<string> {
    if (this.#name !== undefined) return this.#name;
    const { rows }: QueryResult<{ name: string }> = await client.query(FIND_SQL);
    this.#name = rows[0]?.name;
    return this.#name ?? PROOF_TABLE;
  }

  /** It is not where it was: it may have been moved. */
  forget(): void {
    this.#name = undefined;
  }
}
