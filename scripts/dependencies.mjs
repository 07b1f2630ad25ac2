import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run, runAlive } from './child.mjs';
import { node24, root } from './paths.mjs';
import { interrupted } from './signals.mjs';
import { Stop } from './stop.mjs';

const STAMP = path.join(root, 'node_modules', '.steadfast-installed');

const manifest = () => JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** What the installed tree depends on: a change of any of it means another install. */
function wanted() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml'])
    hash.update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

function installed() {
  return existsSync(STAMP) && existsSync(node24) ? readFileSync(STAMP, 'utf8') : undefined;
}

/** Installs the packages exactly as locked, with the pinned pnpm and nothing global; skips it if nothing changed. */
export async function ensureDependencies() {
  const now = wanted();
  if (installed() === now) return;
  const { packageManager } = manifest();
  // Without a terminal pnpm would stop at its question whether to replace node_modules, unless CI is set.
  const env = { CI: 'true' };
  const args = ['--yes', packageManager, 'install', '--frozen-lockfile'];
  const { status, output } = await runAlive(`install dependencies with ${packageManager}`, 'npx', args, {
    env,
  });
  if (status !== 0) throw new Stop(`${output.trimEnd()}\n\nThe dependencies could not be installed.`);
  await checkNode();
  writeFileSync(STAMP, now);
}

/** The pinned Node.js arrives through its package's install script, which a setting of the machine may forbid. */
async function checkNode() {
  const { node } = manifest().devDependencies;
  const { status, output } = await run(node24, ['--version'], { quiet: true });
  if (interrupted || (status === 0 && output.trim() === `v${node}`)) return;
  throw new Stop(
    `node_modules/.bin/node should be Node.js ${node}, but says: ${output.trim() || `exit ${status}`}`,
  );
}
