import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

const manifest = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** Packs every published package into `folder`, as publishing would. Returns name, tarball and file list of each. */
export function packAll(folder) {
  const { packageManager } = manifest(root);
  return readdirSync(path.join(root, 'packages')).map((name) => {
    const cwd = path.join(root, 'packages', name);
    const args = ['--yes', packageManager, 'pack', '--json', '--pack-destination', folder];
    const packed = JSON.parse(execFileSync('npx', args, { cwd, stdio: ['ignore', 'pipe', 'ignore'] }));
    return {
      name: manifest(cwd).name,
      tarball: path.resolve(folder, packed.filename),
      files: packed.files.map((file) => file.path),
    };
  });
}
