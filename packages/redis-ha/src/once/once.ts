import { exists, hasFlag } from '@ioredis/commands';
import { outcomeOf, wrongSetting } from '@steadfast/shared';
import { Command, type RedisKey, type RedisValue } from 'ioredis';
import { declareSafe } from '../commands/idempotence.ts';
import type { DriverCommand } from '../commands/command.ts';
import { OnceError } from './once-error.ts';
import { ONCE_SCRIPT, ONCE_SHA } from './script.ts';

/** A command and its arguments, as `redis.call` takes them. */
export type OnceOp = readonly [command: string, ...args: (RedisValue | RedisValue[])[]];

export interface OnceOptions {
  /** names this piece of work, 1 to 200 characters; the same token never applies twice while its proof lives */
  token: string;
  /** how long the proof is kept, at least failoverWaitMs and up to 30 days (default 1 h) */
  ttlMs?: number;
  /** answers as Buffers, for values that are not text (default false: strings, read as UTF-8) */
  buffers?: boolean;
}

/** What is needed of the client. */
export interface OnceHost {
  readonly keyPrefix: string;
  readonly failoverWaitMs: number;
  send(command: DriverCommand): unknown;
}

const MAX_OPS = 100;
/** Lua's unpack takes some 8,000 values. */
const MAX_WORDS = 7_000;
const DAY_MS = 86_400_000;
/** What scripts may do, but which moves the proof out of sight: it would be written where no repeat looks for it. */
const MOVES_PROOF: ReadonlySet<string> = new Set(['select', 'swapdb']);

/**
 * Applies `ops` exactly once: in one round trip, atomically, and safely repeated through failovers until the deadline.
 * @returns the answers, in order
 * @throws HaError HA_CONFIG for what cannot be run so; OnceError where a command after the first failed; a ReplyError
 * (`rejected`) where the first did; and as any command does
 */
export async function runOnce(
  host: OnceHost,
  ops: readonly OnceOp[],
  options: OnceOptions,
): Promise<unknown[]> {
  const ttlMs = readTtl(options.ttlMs ?? DAY_MS / 24, host.failoverWaitMs);
  const commands = readOps(ops, host.keyPrefix, readBuffers(options.buffers) ? null : 'utf8');
  const keys = [
    `${host.keyPrefix}ha:once:${readToken(options.token)}`,
    ...new Set(commands.flatMap((one) => one.getKeys())),
  ];
  const words = commands.flatMap((one) => [one.args.length + 1, one.name, ...(one.args as RedisValue[])]);
  const reply = await run(host, [keys.length, ...keys, ttlMs, ...words]);
  const answers = (reply as [unknown, unknown[]])[1];
  const failed = answers.findIndex((answer) => answer instanceof Error);
  const read = answers.map((answer, index) =>
    answer instanceof Error ? answer : commands[index]?.transformReply(answer as Buffer),
  );
  if (failed !== -1) throw new OnceError(ops.length, failed, read.slice(0, failed), answers[failed] as Error);
  return read;
}

/** By its hash; a server that does not know it yet (a new primary need not) gets the script itself. */
async function run(host: OnceHost, args: (RedisKey | number)[]): Promise<unknown> {
  try {
    return await send(host, 'evalsha', [ONCE_SHA, ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    const sent = send(host, 'eval', [ONCE_SCRIPT, ...args]);
    // An earlier attempt by its hash may have been applied where the script was known: a refusal here says nothing of it.
    return outcomeOf(error) === 'unknown' ? await sent.catch(throwUnknown) : await sent;
  }
}

function throwUnknown(error: unknown): never {
  throw error instanceof Error ? Object.assign(error, { outcome: 'unknown' }) : error;
}

async function send(host: OnceHost, name: string, args: (RedisKey | number)[]): Promise<unknown> {
  const command = new Command(name, args) as unknown as DriverCommand;
  declareSafe(command);
  return await host.send(command);
}

function readOps(ops: readonly OnceOp[], keyPrefix: string, replyEncoding: BufferEncoding | null): Command[] {
  if (ops.length === 0 || ops.length > MAX_OPS)
    throw wrongSetting('once: the number of commands', ops.length, `1 to ${MAX_OPS}`);
  const commands = ops.map(
    ([name, ...args]) => new Command(readName(name), args, { keyPrefix, replyEncoding }),
  );
  const words = commands.reduce((sum, command) => sum + command.args.length + 1, 0);
  if (words > MAX_WORDS)
    throw wrongSetting('once: the number of words in all commands', words, `at most ${MAX_WORDS}`);
  return commands;
}

function readName(name: string): string {
  const lower = name.toLowerCase();
  if (!exists(lower)) throw wrongSetting('once: a command', name, 'a Redis command');
  if (hasFlag(lower, 'noscript') || hasFlag(lower, 'blocking') || MOVES_PROOF.has(lower))
    throw wrongSetting(
      'once: a command',
      name,
      'what servers allow in scripts (nothing that blocks, concerns the connection or changes the database)',
    );
  return lower;
}

function readBuffers(buffers: unknown): boolean {
  if (buffers === undefined || typeof buffers === 'boolean') return buffers ?? false;
  throw wrongSetting('once: buffers', buffers, 'true or false');
}

function readToken(token: string): string {
  if (typeof token === 'string' && token.length >= 1 && token.length <= 200) return token;
  throw wrongSetting('once: token', token, 'a text of 1 to 200 characters that names this piece of work');
}

function readTtl(ttlMs: number, failoverWaitMs: number): number {
  if (Number.isInteger(ttlMs) && ttlMs >= Math.max(1, failoverWaitMs) && ttlMs <= 30 * DAY_MS) return ttlMs;
  const allowed = `whole milliseconds from failoverWaitMs (${failoverWaitMs}: a repeat may come that late) to 30 days`;
  throw wrongSetting('once: ttlMs', ttlMs, allowed);
}
