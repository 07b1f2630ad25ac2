import { Lab, type LabOptions } from '@steadfast/lab';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** One lab for the tests of a file; after a failed test its logs are kept and their folder is printed. */
export function withLab(options: LabOptions): { readonly lab: Lab } {
  const held: { lab?: Lab; failed: boolean } = { failed: false };
  beforeAll(async () => {
    held.lab = await Lab.up(options);
  }, 120_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') held.failed = true;
  });
  afterAll(async () => {
    const kept = await held.lab?.down({ keepLogs: held.failed });
    if (held.failed && kept) console.error(`server logs are kept in ${kept}`);
  }, 60_000);
  return {
    get lab() {
      if (!held.lab) throw new Error('the lab did not come up');
      return held.lab;
    },
  };
}
