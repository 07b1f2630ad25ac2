import { commands } from './cli/commands.ts';
import { LabError } from './errors.ts';

const [name = 'help', ...args] = process.argv.slice(2);

try {
  const command = commands[name];
  if (!command) {
    throw new LabError(`command '${name}': allowed are ${Object.keys(commands).join(', ')}`);
  }
  await command.run(args);
} catch (error) {
  // What the caller did wrong is one line; a stack is for what we did wrong.
  const known =
    error instanceof LabError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
  console.error(known ? (error as Error).message : error);
  process.exitCode = 1;
}
