import type { Command } from './command.ts';
import { compareCommand } from './compare.ts';
import { memoryCommand } from './memory.ts';
import { overheadCommand } from './overhead.ts';
import { planCommand } from './plan.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';

/** What `steadfast-bench` can do, in the order in which it says so. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  reportCommand,
  compareCommand,
  planCommand,
  overheadCommand,
  memoryCommand,
];
