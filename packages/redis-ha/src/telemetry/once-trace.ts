import { outcomeOf, type Outcome } from '@steadfast/shared';
import type { OnceOp, OnceOptions, OnceScript } from '../once/once.ts';
import { onceChannel } from './channels.ts';

/** One call of `once` as `steadfast:redis:once` tells it; complete when it has ended. Arguments are never told. */
export class OnceTrace {
  readonly token: string;
  /** the commands' names, or `script` */
  readonly commands: readonly string[];
  /** set by the channel when the call ends */
  result?: unknown;
  error?: unknown;

  constructor(work: readonly OnceOp[] | OnceScript, token: string) {
    this.token = token;
    this.commands = Array.isArray(work) ? work.map((op: OnceOp) => String(op[0])) : ['script'];
  }

  /** What became of it; `none` for an error that says nothing of the work. */
  get outcome(): 'ok' | Outcome | 'none' {
    return this.error === undefined ? 'ok' : (outcomeOf(this.error) ?? 'none');
  }
}

/** Runs a call of `once`, and tells of it where somebody listens. */
export function traceOnce<T>(
  work: readonly OnceOp[] | OnceScript,
  options: OnceOptions,
  run: () => Promise<T>,
): Promise<T> {
  return onceChannel.hasSubscribers
    ? onceChannel.tracePromise(run, new OnceTrace(work, options.token))
    : run();
}
