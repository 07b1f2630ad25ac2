import { Lab, type LabOptions } from '@steadfast/lab';
import { afterAll, afterEach, beforeAll } from 'vitest';

/** One lab for the tests of a file; where one of them failed, its logs are kept and the folder is printed. */
export function useLab(options: LabOptions): { readonly lab: Lab } {
  let lab: Lab | undefined;
  let failed = false;
  beforeAll(async () => {
    lab = await Lab.up(options);
  }, 120_000);
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });
  afterAll(async () => {
    const logs = await lab?.down({ keepLogs: failed });
    if (logs) console.error(`the logs of the lab are in ${logs}`);
  }, 60_000);
  return {
    get lab() {
      if (!lab) throw new Error('the lab did not come up');
      return lab;
    },
  };
}
