// Checks what would be published: the packed tarballs, not the folders they come from.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packAll } from './pack.mjs';
import { bin, childEnv, root } from './paths.mjs';

const NEEDED = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
/** Tests and build state are ours, not the user's. */
const FORBIDDEN = /\.test\.|\.tsbuildinfo$/;

function contents({ name, files }) {
  const missing = NEEDED.filter((file) => !files.includes(file)).map((file) => `${name}: ${file} is missing`);
  const extra = files
    .filter((file) => FORBIDDEN.test(file))
    .map((file) => `${name}: ${file} does not belong`);
  return [...missing, ...extra];
}

function tool(name, ...args) {
  const { status, stdout, stderr } = spawnSync(path.join(bin, name), args, {
    cwd: root,
    env: childEnv(),
    encoding: 'utf8',
  });
  return status === 0 ? [] : [`${name} ${args.join(' ')}\n${stdout}${stderr}`];
}

function attw(tarball, ...args) {
  return tool('attw', tarball, ...args, '--ignore-rules', 'cjs-resolves-to-esm', '--no-emoji');
}

function check(one) {
  return [
    ...contents(one),
    ...tool('publint', 'run', one.tarball, '--strict'),
    // ESM only: every Node.js we support can require() a module, and the types resolve from CommonJS as well.
    ...attw(one.tarball, '--profile', 'node16'),
    // What most apps import is found by TypeScript's older way of looking too.
    ...attw(one.tarball, '--entrypoints', '.'),
  ];
}

const folder = mkdtempSync(path.join(tmpdir(), 'steadfast-pack-'));
try {
  const problems = packAll(folder).flatMap((one) => {
    const found = check(one);
    process.stdout.write(
      `${found.length === 0 ? 'ok    ' : 'FAILED'} ${one.name}: ${one.files.length} files\n`,
    );
    return found;
  });
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
