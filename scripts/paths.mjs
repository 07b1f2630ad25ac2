import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const bin = path.join(root, 'node_modules', '.bin');
/** The Node.js that scripts run on once dependencies are there: pinned in package.json. */
export const node24 = path.join(bin, 'node');

/** The environment of every child: the pinned Node.js and the tools of the project come first. */
export function childEnv() {
  const plain = process.stdout.isTTY || process.env.FORCE_COLOR ? {} : { NO_COLOR: '1' };
  return { ...process.env, ...plain, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` };
}
