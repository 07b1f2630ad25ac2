import type { QueryResult } from 'pg';
import type { PoolCore } from '../pool/pool-core.ts';
import { runQuery, type HaQueryConfig } from '../pool/query-runner.ts';
import { runProvenStatement } from './run-transaction.ts';

/** One statement of its own: as autocommit, or, with a proof, as a transaction. */
export function runStatement(
  core: PoolCore,
  config: string | HaQueryConfig,
  values: unknown[] | undefined,
): Promise<QueryResult> {
  const proven = typeof config !== 'string' && config.commitProof === true;
  return proven ? runProvenStatement(core, config, values) : runQuery(core, config, values);
}
