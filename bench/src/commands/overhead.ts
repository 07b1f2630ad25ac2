import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { overhead } from '../overhead.ts';
import { makeFolder, readFlags, wholeNumber, type Command } from './command.ts';

export const overheadCommand: Command = {
  name: 'overhead',
  usage: `pg-ha and redis-ha against other clients on the lab's servers, interleaved, as ratios.

  steadfast-bench overhead [--repetitions 12] [--operations 4000] [--round-trip-ms 0] [--seed 1]
                           [--profiles folder] [--json file]
  --round-trip-ms  added by a proxy on the way to the servers
  --profiles       keeps a CPU profile of ours there for each goal that was missed
  --json           writes { ratios, notes }, ratios as in a result`,
  async run(argv) {
    const flags = readFlags(argv, {
      repetitions: { type: 'string', default: '12' },
      operations: { type: 'string', default: '4000' },
      'round-trip-ms': { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      profiles: { type: 'string' },
      json: { type: 'string' },
    });
    // What was measured for minutes must have its place.
    if (flags.json !== undefined) makeFolder(dirname(flags.json), '--json: the folder');
    const found = await overhead({
      repetitions: wholeNumber('repetitions', flags.repetitions, 1, 1_000),
      operations: wholeNumber('operations', flags.operations, 1, 1_000_000),
      roundTripMs: wholeNumber('round-trip-ms', flags['round-trip-ms'], 0, 1_000),
      seed: wholeNumber('seed', flags.seed, 1, 2 ** 32 - 1),
      profiles: flags.profiles,
    });
    if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(found, null, 2)}\n`);
  },
};
