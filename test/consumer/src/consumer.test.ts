import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packAll } from '../../../scripts/pack.mjs';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../../..');
const fixture = path.join(root, 'test/consumer/fixture');
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');

const nodes = [
  { node: 24, binary: process.execPath },
  { node: 22, binary: path.join(root, 'test/nodes/22/node_modules/.bin/node') },
  { node: 26, binary: path.join(root, 'test/nodes/26/node_modules/.bin/node') },
];
const ways = nodes.flatMap((one) => [
  { ...one, way: 'import', file: 'esm.mjs' },
  { ...one, way: 'require()', file: 'require.cjs' },
]);

/** The app's environment: both clients configured by it alone, as a deployment would. */
const environment = {
  PATH: process.env['PATH'],
  PG_HA_STRATEGY: 'single',
  DATABASE_URL: 'postgres://app:secret@127.0.0.1:5432/app',
  REDIS_URL: 'redis://:secret@127.0.0.1:6379/0',
};

/** The driver ranges an app may have are the clients' own peer ranges. */
async function peers(): Promise<string[]> {
  const manifests = await Promise.all(
    ['pg-ha', 'redis-ha'].map((name) => readFile(path.join(root, 'packages', name, 'package.json'), 'utf8')),
  );
  return manifests.flatMap((text) => {
    const { peerDependencies } = JSON.parse(text) as { peerDependencies: Record<string, string> };
    return Object.entries(peerDependencies).map(([name, range]) => `${name}@${range}`);
  });
}

describe('an app that installs the tarballs', () => {
  let app = '';

  beforeAll(async () => {
    app = await mkdtemp(path.join(tmpdir(), 'steadfast-consumer-'));
    await cp(fixture, app, { recursive: true });
    await writeFile(path.join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
    const tarballs = packAll(app).map(({ tarball }) => tarball);
    const wanted = [...tarballs, ...(await peers()), '@types/node@24'];
    await run('npm', ['install', '--no-audit', '--no-fund', '--strict-peer-deps', ...wanted], { cwd: app });
  });

  afterAll(() => rm(app, { recursive: true, force: true }));

  it.each(ways)('uses both clients by $way on Node $node', async ({ node, binary, file }) => {
    const { stdout: version } = await run(binary, ['--version']);
    expect(version).toMatch(`v${node}.`);
    const options = { cwd: app, env: environment, timeout: 20_000 };
    const { stdout, stderr } = await run(binary, [file], options);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      poolIsPgPool: true,
      poolIsIdle: true,
      redisIsIoredis: true,
      redisHasNotConnected: true,
      wrongPgStrategy: {
        code: 'HA_CONFIG',
        message: expect.stringMatching(/PG_HA_STRATEGY.*patorni.*patroni/s),
      },
      wrongRedisStrategy: {
        code: 'HA_CONFIG',
        message: expect.stringMatching(/REDIS_HA_STRATEGY.*sentinal.*sentinel/s),
      },
    });
  });

  it('type-checks against the packed declarations, libraries included', async () => {
    const findings = await run(process.execPath, [tsc, '-p', app]).then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    );
    expect(findings).toBe('');
  });

  it('cannot reach past the door', async () => {
    const deep = "import('@steadfast/pg-ha/dist/index.js').catch((error) => console.log(error.code))";
    const { stdout } = await run(process.execPath, ['--eval', deep], { cwd: app });
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
