// Runs on the pinned Node.js: ends the labs whose owner is gone.
import { sweepStaleLabs } from '../test/lab/src/down.ts';

await sweepStaleLabs((line) => process.stderr.write(`${line}\n`));
