import { mkdirSync } from 'node:fs';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

/** A subcommand of `steadfast-bench`. */
export interface Command {
  readonly name: string;
  /** its usage, the first line of which says what it is for */
  readonly usage: string;
  /** resolves with the exit code where that is not 0 */
  readonly run: (argv: readonly string[]) => Promise<number | void>;
}

/** What was typed is wrong: one line that names it and what is allowed. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

type Flags<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/** The flags of a subcommand; positionals are refused. @throws UsageError */
export function readFlags<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
): Flags<O> {
  return readArguments(argv, options, []).values;
}

/** The flags of a subcommand and its files, as many as have names. @throws UsageError */
export function readArguments<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  files: readonly string[],
): { values: Flags<O>; files: readonly string[] } {
  const { values, positionals } = parse(argv, options, files.length > 0);
  if (positionals.length === files.length) return { values, files: positionals };
  throw new UsageError(`${files.join(' ')}: ${files.length} needed, ${positionals.length} given`);
}

function parse<const O extends ParseArgsOptionsConfig>(
  argv: readonly string[],
  options: O,
  allowPositionals: boolean,
): { values: Flags<O>; positionals: string[] } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals });
  } catch (error) {
    const [said] = (error as Error).message.split(/\.(?:\s|$)/);
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${said}; allowed: ${known.join(', ') || 'none'}`, { cause: error });
  }
}

/** @throws UsageError */
export function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new UsageError(`--${flag} is '${text}'; allowed: a whole number from ${min} to ${max}`);
}

/** Before anything is done that could not be written down. @throws UsageError */
export function makeFolder(out: string, flag = '--out'): void {
  try {
    mkdirSync(out, { recursive: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `${flag} '${out}' cannot be made (${code}); allowed: a directory that is there or can be`;
    throw new UsageError(message, { cause });
  }
}
