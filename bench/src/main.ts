import { parseArgs } from 'node:util';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';

const USAGE = `Usage: pnpm bench [--repetitions 12] [--seed 1] | --memory
  --memory: bytes of heap that a pool and a waiting call take. Otherwise:
  Compares pg-ha with pg.Pool and redis-ha with ioredis on the lab's servers, interleaved, as ratios.`;

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new Error(`--${name} is '${text}'; allowed: a whole number from 1 to ${max}`);
  return value;
}

try {
  const { values } = parseArgs({
    options: {
      repetitions: { type: 'string', default: '12' },
      seed: { type: 'string', default: '1' },
      memory: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) console.log(USAGE);
  else if (values.memory) await memory();
  else
    await overhead(whole('repetitions', values.repetitions, 1_000), whole('seed', values.seed, 2 ** 32 - 1));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
