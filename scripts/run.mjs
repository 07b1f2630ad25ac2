// `npm run demo` and `npm test` start here, on whatever Node.js (20 or newer) the machine has.
// Plain JavaScript with built-in modules only: nothing is installed yet.
import { demo } from './demo.mjs';
import { catchSignals, exitStatus, interrupted } from './signals.mjs';
import { Stop } from './stop.mjs';
import { test } from './test.mjs';

const commands = { demo, test };

async function main([name, ...args]) {
  const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (!command)
    throw new Stop(`Usage: node scripts/run.mjs <${Object.keys(commands).join(' | ')}> [arguments]`);
  return command(args);
}

catchSignals();
try {
  const status = await main(process.argv.slice(2));
  process.exitCode = interrupted ? exitStatus(interrupted) : status;
} catch (error) {
  if (!interrupted) process.stderr.write(`${error instanceof Stop ? error.message : error.stack}\n`);
  process.exitCode = interrupted ? exitStatus(interrupted) : 1;
}
