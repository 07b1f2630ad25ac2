import path from 'node:path';
import { run } from './child.mjs';
import { node24, root } from './paths.mjs';

/** After a run that ended early: its cluster does not outlive it. Signals wait; it takes seconds. */
export async function sweepLabs() {
  const script = path.join(root, 'scripts/sweep-labs.mjs');
  await run(node24, [script], { afterSignal: true, onSignal: () => {} });
}
