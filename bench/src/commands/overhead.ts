import { overhead } from '../overhead.ts';
import { readFlags, wholeNumber, type Command } from './command.ts';

export const overheadCommand: Command = {
  name: 'overhead',
  usage: `pg-ha against pg.Pool and redis-ha against ioredis on the lab's servers, interleaved, as ratios.

  steadfast-bench overhead [--repetitions 12] [--seed 1]`,
  async run(argv) {
    const flags = readFlags(argv, {
      repetitions: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
    });
    await overhead(
      wholeNumber('repetitions', flags.repetitions, 1, 1_000),
      wholeNumber('seed', flags.seed, 1, 2 ** 32 - 1),
    );
  },
};
