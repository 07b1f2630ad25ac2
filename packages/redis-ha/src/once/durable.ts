import {
  asError,
  Deadline,
  HaError,
  isHaError,
  uniqueToken,
  wrongSetting,
  type Clock,
} from '@steadfast/shared';
import { Command } from 'ioredis';
import type { DriverCommand } from '../commands/command.ts';
import { isByRole } from '../commands/error-reply.ts';
import { onceFor, type OnceHost, type OnceOp, type OnceOptions, type OnceScript } from './once.ts';

export interface DurableOptions extends Omit<OnceOptions, 'token'> {
  /** how many replicas must have it, 1 to 16, or 0 with `fsync` */
  replicas: number;
  /** how long they are waited for, 1 to 60,000 ms (default 1,000) */
  timeoutMs?: number;
  /** the master and those replicas must have it on disk too: WAITAOF, from Redis 7.2 on, with appendonly (default false) */
  fsync?: boolean;
  /** as in `once` (default: one of its own); with it the whole may be given again, also by another process */
  token?: string;
}

export interface DurableHost extends OnceHost {
  readonly clock: Clock;
  /** sends commands one behind the other, in one write */
  sendTogether(commands: readonly DriverCommand[]): unknown[];
}

/**
 * The master has applied it, and fewer replicas than asked have said in time that they have it: a failover may lose it.
 * `outcome` is `unknown`, since what a failover leaves decides.
 */
export class NotDurableError extends HaError {
  override readonly name: string = 'NotDurableError';
  /** how many replicas have it; 0 where that could not be asked (`cause` says why) */
  readonly acknowledgedBy: number;
  /** what the master answered, as `durable` would have returned it */
  readonly answers: unknown;

  constructor(message: string, about: { acknowledgedBy: number; answers: unknown; cause?: unknown }) {
    super('HA_NOT_DURABLE', message, { outcome: 'unknown', cause: about.cause });
    this.acknowledgedBy = about.acknowledgedBy;
    this.answers = about.answers;
  }
}

interface Durability {
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly fsync: boolean;
}

type Waited = { readonly count: number; readonly local: boolean } | { readonly error: Error };

/** A connection may be lost between the work and the question; that it happens so often in one call is no accident. */
const MAX_TRIES = 5;

/**
 * As `once`, and resolves when `replicas` replicas have it. WAIT counts for the writes of its own connection, so it goes right
 * behind them in the same write; where its answer is lost, work and question are given again together, under the same token.
 * @returns the answers, as `once` does
 * @throws NotDurableError where the master has applied it and fewer replicas answered in time, or could not be asked any more;
 * HaError HA_CONFIG; and as `once` does
 */
export async function runDurable(
  host: DurableHost,
  work: readonly OnceOp[] | OnceScript,
  options: DurableOptions,
): Promise<unknown> {
  const durability = readDurability(options);
  const token = options.token ?? uniqueToken();
  const deadline = Deadline.after(host.clock, host.failoverWaitMs);
  let before: { readonly answers: unknown } | undefined;
  for (let tries = 1; ; tries++) {
    let waited: Promise<Waited> | undefined;
    const send = (command: DriverCommand): unknown => {
      const [answer, confirmed] = host.sendTogether([command, question(durability)]);
      waited = settle(confirmed);
      return answer;
    };
    const answers = await onceFor({ ...host, send }, work, { ...options, token }).catch((error: unknown) => {
      // What becomes of a repeat says nothing of the round before it, which was applied.
      throw before ? notAsked(durability, before.answers, asError(error)) : error;
    });
    before ??= { answers };
    const result = await (waited as Promise<Waited> | undefined);
    const again = result && 'error' in result && mayAskAgain(result.error);
    if (again && tries < MAX_TRIES && !deadline.expired) continue;
    return conclude(result, durability, answers);
  }
}

function question({ replicas, timeoutMs, fsync }: Durability): DriverCommand {
  const command = fsync
    ? new Command('waitaof', [1, replicas, timeoutMs])
    : new Command('wait', [replicas, timeoutMs]);
  return command as unknown as DriverCommand;
}

/** Never rejects: its answer is looked at only when that of the work is there. */
async function settle(confirmed: unknown): Promise<Waited> {
  try {
    const reply = await confirmed;
    if (!Array.isArray(reply)) return { count: Number(reply), local: true };
    return { count: Number(reply[1]), local: Number(reply[0]) > 0 };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** Its connection or its server is the master's no more: the next one can be asked. */
function mayAskAgain(error: Error): boolean {
  if (isHaError(error)) return error.code !== 'HA_CLOSED';
  return isByRole(error) || /cannot be used with replica/.test(error.message);
}

function conclude(result: Waited | undefined, asked: Durability, answers: unknown): unknown {
  if (!result || 'error' in result) throw notAsked(asked, answers, result?.error);
  if (result.count >= asked.replicas && result.local) return answers;
  const local = result.local ? '' : ', and it is not on the master’s own disk';
  const message = `the master has applied it, and ${result.count} of ${wanted(asked)} have it after ${asked.timeoutMs} ms${local}`;
  throw new NotDurableError(message, { acknowledgedBy: result.count, answers });
}

function notAsked(asked: Durability, answers: unknown, cause: Error | undefined): NotDurableError {
  const why = cause ? `: ${cause.message}` : '';
  const message = `the master has applied it, and whether ${wanted(asked)} have it could not be asked${why}`;
  return new NotDurableError(message, { acknowledgedBy: 0, answers, cause });
}

function wanted({ replicas, fsync }: Durability): string {
  return `${replicas} replicas${fsync ? ' and every disk' : ''}`;
}

function readDurability(given: Pick<DurableOptions, 'replicas' | 'timeoutMs' | 'fsync'>): Durability {
  const { replicas, timeoutMs = 1_000, fsync = false } = given;
  if (typeof fsync !== 'boolean') throw wrongSetting('durable: fsync', fsync, 'true or false');
  if (!isWithin(replicas, fsync ? 0 : 1, 16))
    throw wrongSetting('durable: replicas', replicas, 'a whole number from 1 to 16, or 0 with fsync');
  if (!isWithin(timeoutMs, 1, 60_000))
    throw wrongSetting('durable: timeoutMs', timeoutMs, 'whole milliseconds from 1 to 60000');
  return { replicas, timeoutMs, fsync };
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}
