// Runs as root: `node scripts/apt-install.mjs <package>…`. Installs Debian packages without letting them start
// a service or create a database cluster, and leaves both policies as they were.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_SAVED = `${POLICY}.steadfast-saved`;
const POLICY_MARK = '# steadfast: no service starts while its packages are installed';
const CLUSTER = '/etc/postgresql-common/createcluster.conf';
const CLUSTER_SAVED = `${CLUSTER}.steadfast-saved`;
const NO_CLUSTER = 'create_main_cluster = false\n';

const APT = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Dpkg::Use-Pty=0', '-o', 'Acquire::Retries=3'];

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return (
    spawnSync('apt-get', [...APT, ...args], { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  );
}

const installs = (packages) =>
  apt('install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', ...packages);

/** Only a stale or empty list of packages makes the first try fail on a machine that has them all on offer. */
function install(packages) {
  return installs(packages) || (apt('update') && installs(packages));
}

/** invoke-rc.d asks this file before it starts anything; 101 means 'not allowed'. */
function forbidServices() {
  restoreServices();
  if (existsSync(POLICY)) renameSync(POLICY, POLICY_SAVED);
  writeFileSync(POLICY, `#!/bin/sh\n${POLICY_MARK}\nexit 101\n`);
  chmodSync(POLICY, 0o755);
}

/** Also undoes what a run that was killed left behind: only a file with our mark is ours to remove. */
function restoreServices() {
  if (existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(POLICY_MARK)) rmSync(POLICY);
  if (existsSync(POLICY_SAVED)) renameSync(POLICY_SAVED, POLICY);
}

/**
 * The file belongs to postgresql-common and is kept by ucf, which asks about changed files: so the package
 * comes first, the file is swapped while the server is installed, and gets back what it said before.
 */
function forbidCluster() {
  restoreCluster();
  renameSync(CLUSTER, CLUSTER_SAVED);
  writeFileSync(CLUSTER, NO_CLUSTER);
}

function restoreCluster() {
  if (existsSync(CLUSTER_SAVED)) renameSync(CLUSTER_SAVED, CLUSTER);
}

function main(packages) {
  // A half-configured package is worse than a late end: signals wait until apt is done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  const postgres = packages.some((name) => name.startsWith('postgresql-'));
  forbidServices();
  try {
    if (!postgres) return install(packages);
    if (!existsSync(CLUSTER) && !install(['postgresql-common'])) return false;
    forbidCluster();
    return install(packages);
  } finally {
    restoreCluster();
    restoreServices();
  }
}

process.exitCode = main(process.argv.slice(2)) ? 0 : 1;
