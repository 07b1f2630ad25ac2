import { COMMANDS } from './commands/commands.ts';
import { UsageError } from './commands/command.ts';

const WIDTH = Math.max(...COMMANDS.map(({ name }) => name.length));

function overview(): string {
  const lines = COMMANDS.map(({ name, usage }) => `  ${name.padEnd(WIDTH)}  ${usage.split('\n', 1)[0]}`);
  return `Usage: steadfast-bench <command> [options]\n\n${lines.join('\n')}\n\n<command> --help says more.`;
}

async function main([name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (!command)
    throw new UsageError(`'${name}' is no command; allowed: ${COMMANDS.map((each) => each.name).join(', ')}`);
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(command.usage);
    return 0;
  }
  return (await command.run(argv)) ?? 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
