import path from 'node:path';
import { node24, root } from './paths.mjs';

const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const nodeOf = (major) => path.join(root, 'test/nodes', String(major), 'node_modules/.bin/node');

const suite = (name, title, project, node = node24, ...files) => ({
  name,
  title,
  suite: true,
  lab: project.startsWith('lab'),
  browser: project === 'lab-alone',
  command: node,
  args: [vitest, 'run', '--project', project, ...files],
});

const check = (name, title, command, ...args) => ({ name, title, suite: false, lab: false, command, args });

/** Everything `npm test` runs, in order: cheap checks first, the lab last. `lab`: it needs the servers, `browser`: a browser. */
export const steps = [
  check('format', 'format', 'prettier', '--check', '.'),
  check('lint', 'lint, layers', 'oxlint'),
  suite('unit', 'unit suites on Node 24', 'unit'),
  // What tests them runs on one version alone.
  suite('unit-22', 'unit suites of the packages on Node 22', 'unit', nodeOf(22), 'packages/', 'examples/'),
  suite('unit-26', 'unit suites of the packages on Node 26', 'unit', nodeOf(26), 'packages/', 'examples/'),
  suite('mock', 'suites of the clients on scripted servers', 'mock'),
  check('sim', 'simulated failovers', node24, path.join(root, 'test/sim/src/main.ts')),
  suite('fuzz', 'fuzz: whatever comes in from outside', 'fuzz'),
  check('packages', 'packed packages (publint, attw)', node24, path.join(root, 'scripts/check-packages.mjs')),
  check('knip', 'unused code and dependencies (knip)', 'knip'),
  suite('consumer', 'consumer of the tarballs', 'consumer'),
  suite('lab', 'suites of the clients on the lab', 'lab'),
  suite('lab-alone', 'suites of the lab itself, the demo and the campaign', 'lab-alone'),
];
