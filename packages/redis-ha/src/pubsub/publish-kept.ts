import { createHash } from 'node:crypto';
import { uniqueToken, wrongSetting } from '@steadfast/shared';
import { runScriptOnce, type OnceHost } from '../once/once.ts';

export interface PublishOptions {
  /** how many messages the stream keeps at least, 100 to 10,000,000 (default 1,000) */
  keep?: number;
  /**
   * names this message on its channel, so that publishing it there again does nothing while the proof is kept, for 1 h after the
   * last time (or twice failoverWaitMs, where that is more): 1 to 200 characters without blanks (default: one of its own)
   */
  token?: string;
}

export interface Published {
  /** the message's id in the stream */
  readonly id: string;
  /** subscribers that heard it at once, on this server; one that has lost its connection gets it from the stream */
  readonly receivers: number;
}

/** The least a stream may keep: it is trimmed by whole nodes of so many, so that a shorter one has lost nothing. */
export const MIN_KEPT = 100;

/** The stream beside a channel, which is also the channel that bridging subscribers listen to. */
export function streamOf(channel: string): string {
  return `${channel}:stream`;
}

/** KEYS: the stream. ARGV: channel, message, number to keep, token. The same script makes the order of both the same. */
const SCRIPT = `
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'token', ARGV[4], 'message', ARGV[2])
local heard = redis.call('PUBLISH', ARGV[1], ARGV[2])
heard = heard + redis.call('PUBLISH', KEYS[1], id .. ' ' .. ARGV[4] .. ' ' .. ARGV[2])
return {id, heard}`;

/** A message as bridging subscribers hear it: its id, its token and itself. */
export function readKept(text: string): { id: string; token: string; message: string } | undefined {
  const match = /^(\d+-\d+) (\S+) /.exec(text);
  if (!match) return undefined;
  const [head, id = '', token = ''] = match;
  return { id, token, message: text.slice(head.length) };
}

/**
 * Publishes a message to a channel, and keeps it in the stream beside it: exactly once, through failovers too.
 * @throws HaError HA_CONFIG, and as `once` does
 */
export async function publishKept(
  host: OnceHost,
  channel: string,
  message: string,
  options: PublishOptions,
): Promise<Published> {
  const { keep = 1_000, token = uniqueToken() } = options;
  if (!Number.isInteger(keep) || keep < MIN_KEPT || keep > 10_000_000)
    throw wrongSetting('publishKept: keep', keep, `a whole number from ${MIN_KEPT} to 10000000`);
  if (!/^\S{1,200}$/.test(token))
    throw wrongSetting('publishKept: token', token, '1 to 200 characters without blanks');
  const stream = streamOf(channel);
  const work = { script: SCRIPT, keys: [stream], args: [channel, message, keep, token] };
  // A repeat by ourselves comes soon, as `once` counts it; one by the caller, who named the message, may come later.
  const ttlMs =
    options.token === undefined ? Math.max(60_000, Math.ceil(2 * host.failoverWaitMs)) : undefined;
  const proof = { token: proofToken(stream, token), ...(ttlMs === undefined ? {} : { ttlMs }) };
  const [id, receivers] = (await runScriptOnce(host, work, proof)) as [string, number];
  return { id, receivers };
}

/**
 * Proofs of all work share one space of names: the same token on another channel, or given to `once`, is another piece of work.
 * Hashed, since both together may be longer than a token is.
 */
function proofToken(stream: string, token: string): string {
  return `publish:${createHash('sha256').update(`${token} ${stream}`).digest('hex')}`;
}
