import { runAlive } from './child.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { Stop } from './stop.mjs';

const OLDEST_NODE = 20;

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_NODE) return;
  throw new Stop(`Node.js ${OLDEST_NODE} or newer is needed to start; this is ${process.version}.`);
}

/**
 * Brings the machine to where everything can run; what is there is skipped. `lab`: also the servers, `browser`: also what
 * the suites look at pages with.
 */
export async function bootstrap({ lab, browser = false }) {
  checkNode();
  if (lab) {
    // Read late: only a command that needs the lab fails where the lab cannot be.
    const { ensurePrograms } = await import('./programs.mjs');
    const { programs } = await import('../test/lab/programs.mjs');
    const { programs: others } = await import('../test/suites/programs.mjs');
    await ensurePrograms(browser ? [...programs, ...others] : programs);
  }
  await ensureDependencies();
  const { status, output } = await runAlive('build and type-check', 'tsc', ['-b']);
  if (status !== 0) throw new Stop(`${output.trimEnd()}\n\nThe build failed.`);
}
