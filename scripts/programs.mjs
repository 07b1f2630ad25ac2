import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { run, runAlive } from './child.mjs';
import { root } from './paths.mjs';
import { say } from './progress.mjs';
import { Stop } from './stop.mjs';

/** Servers live in sbin, which a user's PATH may leave out. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function found(program) {
  if (path.isAbsolute(program)) return executable(program);
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...SBIN];
  return folders.some((folder) => folder !== '' && executable(path.join(folder, program)));
}

/** How this user becomes root: [] as root, ['sudo', …] where sudo works, undefined where neither does. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  if (!found('sudo')) return undefined;
  const silent = await run('sudo', ['-n', 'true'], { quiet: true });
  if (silent.status === 0) return ['sudo', '-n'];
  // Only at a terminal can sudo ask for a password.
  if (!process.stdin.isTTY) return undefined;
  say('Debian packages are needed; sudo asks for your password to install them.');
  const asked = await run('sudo', ['-v']);
  return asked.status === 0 ? ['sudo', '-n'] : undefined;
}

function refuse(missing, why) {
  const lines = missing.map(({ program, package: name }) => `  ${program}  (Debian 12 package ${name})`);
  return new Stop(`${why}\nThese programs are needed and missing:\n${lines.join('\n')}`);
}

/** Installs those of the programs that are missing; does nothing where all are there. */
export async function ensurePrograms(programs) {
  if (process.platform !== 'linux') {
    throw new Stop(
      `The lab runs on Linux only; this is ${process.platform}. The suites that need no server run by: npm test -- --only unit`,
    );
  }
  const missing = programs.filter(({ program }) => !found(program));
  if (missing.length === 0) return;
  if (!found('apt-get')) throw refuse(missing, 'There is no apt here to install them with.');
  const prefix = await rootPrefix();
  if (!prefix) throw refuse(missing, 'Installing them needs root, or sudo, and neither works here.');

  const packages = [...new Set(missing.map(({ package: name }) => name))];
  const command = [...prefix, process.execPath, path.join(root, 'scripts/apt-install.mjs'), ...packages];
  const onSignal = () => say('Stopping once apt is done.');
  const label = `install ${packages.join(' ')} by apt`;
  const { status, output } = await runAlive(label, command[0], command.slice(1), { onSignal });
  const still = programs.filter(({ program }) => !found(program));
  if (status === 0 && still.length === 0) return;
  throw refuse(still, `${output.trimEnd()}\n\napt could not install what is needed (made for Debian 12).`);
}
