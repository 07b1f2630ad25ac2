import { UsageError } from '../commands/command.ts';
import type { RedisClient, SqlClient } from '../workloads/workload.ts';

/** Data say at which scale they were made, once they are whole: a schema in its comment, keys in one of their own. */
const SAID = /^steadfast-bench, scale (\d+)$/;

function saying(scale: number): string {
  return `steadfast-bench, scale ${scale}`;
}

function scaleIn(text: unknown): number | undefined {
  const [, scale] = SAID.exec(typeof text === 'string' ? text : '') ?? [];
  return scale === undefined ? undefined : Number(scale);
}

export async function markSchema(client: SqlClient, schema: string, scale: number): Promise<void> {
  await client.query(`COMMENT ON SCHEMA ${schema} IS '${saying(scale)}'`);
}

/** Undefined where the schema is not there, or not whole. */
export async function scaleOfSchema(client: SqlClient, schema: string): Promise<number | undefined> {
  const asked = "SELECT obj_description(to_regnamespace($1), 'pg_namespace') AS said";
  const { rows } = await client.query(asked, [schema]);
  return scaleIn(rows[0]?.['said']);
}

export async function markKeys(client: RedisClient, prefix: string, scale: number): Promise<void> {
  await client.command('set', markOf(prefix), saying(scale));
}

/** Undefined where the keys are not there, or not all. */
export async function scaleOfKeys(client: RedisClient, prefix: string): Promise<number | undefined> {
  return scaleIn(await client.command('get', markOf(prefix)));
}

function markOf(prefix: string): string {
  return `${prefix}:made`;
}

/**
 * Data that are not there would be measured all the same, and fast: a GET that finds nothing is a GET.
 * @param what the data, and on which server, in words
 * @throws UsageError
 */
export function refuseOtherScale(what: string, found: number | undefined, wanted: number): void {
  if (found === undefined)
    throw new UsageError(
      `--data: ${what} are not there, or not whole; allowed: what a run with --keep-data has made on that server, for that workload`,
    );
  if (found !== wanted)
    throw new UsageError(`--scale is '${wanted}'; allowed: ${found}, at which ${what} were made`);
}
