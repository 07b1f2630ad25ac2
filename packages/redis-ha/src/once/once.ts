import { exists, hasFlag } from '@ioredis/commands';
import { correctOutcome, wrongSetting } from '@steadfast/shared';
import { Command, type RedisValue } from 'ioredis';
import { OnceError } from './once-error.ts';
import { readWork } from './read-work.ts';
import { ONCE_SCRIPT, withProof } from './script.ts';
import { sendScript, type ScriptHost } from './send-script.ts';

/** A command and its arguments, as `redis.call` takes them. */
export type OnceOp = readonly [command: string, ...args: (RedisValue | RedisValue[])[]];

export interface OnceOptions {
  /** names this piece of work, 1 to 200 characters; the same token never applies twice while its proof lives */
  token: string;
  /** how long the proof is kept, at least twice failoverWaitMs and up to 30 days (default 1 h, or twice failoverWaitMs where that is more) */
  ttlMs?: number;
  /** answers as Buffers, for values that are not text (default false: strings, read as UTF-8) */
  buffers?: boolean;
}

/** A program's own script, run once. It must not begin with a shebang, since it is run inside another. */
export interface OnceScript {
  /** the Lua text, or the name of a command that was defined with `defineCommand` */
  script: string;
  /** every key it touches */
  keys?: readonly (string | Buffer)[];
  args?: readonly RedisValue[];
}

export interface OnceHost extends ScriptHost {
  /** the text of a script that was defined as a command */
  defined(name: string): string | undefined;
}

const MAX_OPS = 100;
/** Lua's unpack takes some 8,000 values. */
const MAX_WORDS = 7_000;
const HOUR_MS = 3_600_000;
const MAX_TTL_MS = 30 * 24 * HOUR_MS;
/** What scripts may do, but which moves the proof out of sight: it would be written where no repeat looks for it. */
const MOVES_PROOF: ReadonlySet<string> = new Set(['select', 'swapdb']);

/**
 * Applies `ops` exactly once: in one round trip, atomically, and safely repeated through failovers until the deadline.
 * @returns the answers, in order
 * @throws HaError HA_CONFIG for what cannot be run so; OnceError where a command after the first failed; a ReplyError where the
 * first did (`unknown`, as errors from inside a script are, though this run has applied nothing); and as any command does
 */
export async function runOnce(
  host: OnceHost,
  ops: readonly OnceOp[],
  options: OnceOptions,
): Promise<unknown[]> {
  const key = proofKey(host, options.token);
  const ttlMs = readTtl(options.ttlMs, host.failoverWaitMs);
  const commands = readOps(ops, host.keyPrefix, readBuffers(options.buffers) ? null : 'utf8');
  const keys = [key, ...new Set(commands.flatMap((one) => one.getKeys()))];
  const words = commands.flatMap((one) => [one.args.length + 1, one.name, ...(one.args as RedisValue[])]);
  const reply = await sendScript(host, ONCE_SCRIPT, keys, [ttlMs, ...words]);
  const answers = (reply as [unknown, unknown[]])[1];
  const failed = answers.findIndex((answer) => answer instanceof Error);
  const read = answers.map((answer, index) =>
    answer instanceof Error ? answer : commands[index]?.transformReply(answer as Buffer),
  );
  if (failed !== -1) throw new OnceError(ops.length, failed, read.slice(0, failed), answers[failed] as Error);
  return read;
}

/**
 * As {@link runOnce}, for a script of the program's own.
 * @returns its answer
 * @throws HaError HA_CONFIG; the script's own error with outcome `unknown`, also to a repeat: what the script did before it
 * stays applied; and as any command does
 */
export async function runScriptOnce(
  host: OnceHost,
  { script, keys = [], args = [] }: OnceScript,
  options: OnceOptions,
): Promise<unknown> {
  const ttlMs = readTtl(options.ttlMs, host.failoverWaitMs);
  const encoding = readBuffers(options.buffers) ? null : 'utf8';
  const words = keys.length + args.length;
  if (words > MAX_WORDS)
    throw wrongSetting('once: the number of keys and arguments', words, `at most ${MAX_WORDS}`);
  const prefixed = keys.map((key) => prefix(host.keyPrefix, key));
  const wrapped = withProof(readScript(host, script));
  const reply = await sendScript(
    host,
    wrapped,
    [proofKey(host, options.token), ...prefixed],
    [ttlMs, ...args],
  );
  const [answer = null] = (reply as [unknown, unknown[]])[1];
  if (answer instanceof Error) throw correctOutcome(answer, 'unknown');
  return new Command('eval', [], { replyEncoding: encoding }).transformReply(answer as Buffer);
}

/** Commands or a script: each its own way. */
export async function onceFor(
  host: OnceHost,
  work: readonly OnceOp[] | OnceScript,
  options: OnceOptions,
): Promise<unknown> {
  readWork(work, options);
  return 'script' in work ? runScriptOnce(host, work, options) : runOnce(host, work, options);
}

function proofKey(host: OnceHost, token: string): string {
  return `${host.keyPrefix}ha:once:${readToken(token)}`;
}

function prefix(keyPrefix: string, key: string | Buffer): string | Buffer {
  return typeof key === 'string' ? keyPrefix + key : Buffer.concat([Buffer.from(keyPrefix), key]);
}

function readScript(host: OnceHost, script: string): string {
  const lua = host.defined(script) ?? script;
  if (typeof lua === 'string' && /\S\s/.test(lua) && !lua.startsWith('#!')) return lua;
  const allowed =
    'a Lua text without a shebang, or the name of a command that was defined with defineCommand';
  throw wrongSetting('once: script', script, allowed);
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

/**
 * A repeat may be sent until failoverWaitMs after the call began, and may arrive later than it was sent, where a link or a
 * server stood still: the proof has to be there then.
 */
function readTtl(given: number | undefined, failoverWaitMs: number): number {
  const leastMs = Math.max(1, 2 * failoverWaitMs);
  const ttlMs = given ?? Math.max(leastMs, HOUR_MS);
  if (Number.isInteger(ttlMs) && ttlMs >= leastMs && ttlMs <= MAX_TTL_MS) return ttlMs;
  const allowed = `whole milliseconds from ${leastMs} (twice failoverWaitMs: a repeat may come late) to 30 days`;
  throw wrongSetting('once: ttlMs', ttlMs, allowed);
}
