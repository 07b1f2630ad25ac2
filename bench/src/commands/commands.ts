import type { Command } from './command.ts';
import { memoryCommand } from './memory.ts';
import { overheadCommand } from './overhead.ts';

/** What `steadfast-bench` can do, in the order in which it says so. */
export const COMMANDS: readonly Command[] = [overheadCommand, memoryCommand];
