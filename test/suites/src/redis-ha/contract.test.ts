import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandSteps } from './contract/commands.ts';
import { connectionSteps } from './contract/connections.ts';
import { startLoneRedis } from './lone-redis.ts';

const run = promisify(execFile);
const file = (name: string): string => path.join(import.meta.dirname, name);

/** What the steps show on one client, on a server of its own. */
async function seenOn(which: 'ioredis' | 'ha', ...flags: string[]): Promise<Record<string, unknown>> {
  const server = await startLoneRedis();
  try {
    const args = [...flags, file('contract/program.ts'), which, String(server.port)];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    return JSON.parse(stdout) as Record<string, unknown>;
  } finally {
    await server.stop();
  }
}

for (const { version, flags } of [
  { version: 6, flags: [] },
  { version: 5, flags: ['--import', file('with-ioredis-5.ts')] },
]) {
  describe(`HaRedis does as ioredis ${version} does`, () => {
    let theirs: Record<string, unknown> = {};
    let ours: Record<string, unknown> = {};
    beforeAll(async () => {
      [theirs, ours] = await Promise.all([seenOn('ioredis', ...flags), seenOn('ha', ...flags)]);
    }, 120_000);

    for (const name of Object.keys({ ...commandSteps, ...connectionSteps })) {
      it(name, () => {
        expect(theirs[name]).not.toBe('LATE');
        expect(ours[name]).toEqual(theirs[name]);
      });
    }
  });
}
