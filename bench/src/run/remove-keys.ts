import type { RedisClient } from '../workloads/workload.ts';

const SCAN_COUNT = 1_000;

/** Goes through all keys by and by, so that nobody else's commands wait. */
export async function removeKeys(client: RedisClient, pattern: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = (await client.command('scan', cursor, 'match', pattern, 'count', SCAN_COUNT)) as [
      string,
      string[],
    ];
    if (keys.length > 0) await client.command('unlink', ...keys);
    cursor = next;
  } while (cursor !== '0');
}
