import { HaPool } from '@steadfast/pg-ha';
import { describeError } from '@steadfast/shared';
import { migrate } from './schema.ts';

async function run(): Promise<void> {
  const pool = new HaPool();
  try {
    await migrate(pool);
  } finally {
    await pool.end();
  }
}

run().catch((error: unknown) => {
  console.error(`inbox migrate: ${describeError(error)}`);
  process.exitCode = 1;
});
