import pg from 'pg';
import { wrongSetting, type Clock, type HaError } from '@steadfast/shared';
import type { PoolSettings } from '../options/pool-options.ts';
import { Pipeline } from './pipeline.ts';
import type { PoolCore } from './pool-core.ts';
import { AutoPrepare } from './prepare.ts';
import { Statements } from './statements.ts';

/**
 * What lets statements share connections and have names, where that is asked for. A pool of reads has a pool for each of its
 * members, and shares none; behind a pooler a name means nothing.
 * @throws HaError HA_CONFIG
 */
export function fasterStatements(
  { ha, target, pooler, pool: passed }: PoolSettings,
  clock: Clock,
  pool: () => pg.Pool,
): Pick<PoolCore, 'statements' | 'pipeline' | 'prepare'> {
  const { pipelineDepth } = ha;
  if (pipelineDepth > 1) refuseWrongPipeline(pipelineDepth, passed);
  const pipeline = pipelineDepth > 1 && !target ? new Pipeline(pipelineDepth, clock, pool) : undefined;
  const prepare = ha.prepare === 'auto' && !pooler ? new AutoPrepare(ha.prepareMax) : undefined;
  return { pipeline, prepare, statements: (pipeline ?? prepare) && new Statements() };
}

function refuseWrongPipeline(depth: number, { query_timeout: timeout }: pg.PoolConfig): void {
  const refuse = (allowed: string): HaError => wrongSetting('option pipelineDepth', depth, allowed);
  if (timeout)
    throw refuse(
      '1 (off) with query_timeout, which ends connections with all that is on them; use statement_timeout',
    );
  if (!('_pulsePipelinedQueryQueue' in pg.Client.prototype))
    throw refuse('1 (off) with this version of pg; 8.23 and newer can');
}
