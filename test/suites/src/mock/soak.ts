import { parseArgs } from 'node:util';
import { pgFailovers, redisFailovers, type Failovers } from './failovers.ts';
import { held } from './growth.ts';

/**
 * `pnpm soak --minutes 60`: both clients fail over on scripted servers for so long, with work in flight each time. Ends with
 * status 1 where an outcome was untrue, or the process holds more and more.
 */
const USAGE = 'Usage: pnpm soak [--minutes <1 to 10080, default 60>]';
/** The heap may differ by so much from one reading to the next without meaning anything, bytes. */
const NOISE = 4 << 20;

function readMinutes(): number {
  const { minutes } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } }).values;
  const value = Number(minutes);
  if (!(value >= 1 && value <= 10_080)) throw new Error(`--minutes is ${minutes}`);
  return value;
}

async function soak(minutes: number): Promise<boolean> {
  const clients = { pg: await pgFailovers(), redis: await redisFailovers() };
  const all: Failovers[] = Object.values(clients);
  const ends = performance.now() + minutes * 60_000;
  const everyMs = Math.min(60_000, minutes * 6_000);
  let count = 0;
  let warm: number | undefined;
  let last = 0;
  for (let next = performance.now() + everyMs; performance.now() < ends;) {
    count += 1;
    await Promise.all(all.map((one) => one.failOver(count)));
    if (performance.now() < next) continue;
    next += everyMs;
    const { heap, resources, listeners } = await held();
    last = heap;
    // What is compiled and cached in the first tenth is no growth.
    warm ??= heap;
    const left = Math.max(0, Math.round((ends - performance.now()) / 1_000));
    const connections = all.reduce((sum, one) => sum + one.connections(), 0);
    process.stdout.write(
      `${count} failovers of each, heap ${(heap / 2 ** 20).toFixed(1)} MiB, ${connections} connections, ` +
        `${listeners + all.reduce((sum, one) => sum + one.listeners(), 0)} listeners, ${JSON.stringify(resources)}; ${left} s left\n`,
    );
  }
  for (const one of all) await one.end();
  const open = (): number => all.reduce((sum, one) => sum + one.connections(), 0);
  for (let tries = 0; tries < 100 && open() > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const left = open();
  for (const one of all) await one.stop();
  const grown = last - (warm ?? last);
  process.stdout.write(
    `the heap has grown by ${grown} bytes since the first tenth; ${left} connections were left\n`,
  );
  return grown < NOISE && left === 0;
}

try {
  process.exitCode = (await soak(readMinutes())) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
  process.exitCode = 1;
}
