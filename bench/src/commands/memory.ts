import { memory } from '../memory.ts';
import { readFlags, type Command } from './command.ts';

export const memoryCommand: Command = {
  name: 'memory',
  usage: `Bytes of heap that a pool and a waiting call take, ours and the stock pool's.

  steadfast-bench memory`,
  async run(argv) {
    readFlags(argv, {});
    await memory();
  },
};
