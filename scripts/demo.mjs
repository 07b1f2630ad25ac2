import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { run } from './child.mjs';
import { node24, root } from './paths.mjs';
import { sweepLabs } from './sweep.mjs';

/** Passes its arguments on and returns the demo's own exit status. */
export async function demo(args) {
  await bootstrap({ lab: true });
  const { status, output } = await run(node24, [path.join(root, 'examples/demo/src/main.ts'), ...args], {
    reap: true,
  });
  if (status !== 0) await sweepLabs();
  if (output) process.stderr.write(`${output}\n`);
  return status;
}
