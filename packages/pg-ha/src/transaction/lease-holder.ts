import type { PoolClient } from 'pg';
import type { Deadline } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';
import { CallBound, type CallLimits } from '../pool/call-bound.ts';
import { settle, type LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import { parseToken, type WalPosition } from '../reader/wal-position.ts';

/**
 * The connections of one call of several statements, one after the other. When the caller's end comes, waiting for one ends,
 * and one that is held is cut off: what is in flight on it ends with its outcome.
 */
export class LeaseHolder {
  readonly deadline: Deadline;
  readonly bound: CallBound;
  readonly #core: PoolCore;
  readonly #signal: AbortSignal | undefined;
  readonly #after: WalPosition | undefined;
  #waiting: LeaseRequest | undefined;
  #client: PoolClient | undefined;
  #cut: ((error: Error) => void) | undefined;

  constructor(core: PoolCore, limits: CallLimits & { after?: string }, deadline: Deadline) {
    this.#core = core;
    this.#signal = limits.signal;
    this.#after = limits.after === undefined ? undefined : parseToken(limits.after);
    this.deadline = deadline;
    this.bound = new CallBound(core.clock, limits, () => this.#end());
  }

  /** @throws HaError with outcome `notSent` */
  lease(): Promise<PoolClient> {
    if (this.bound.ended) return Promise.reject(this.bound.error('notSent'));
    return new Promise((resolve, reject) => {
      const granted = (client: PoolClient): void => {
        this.#waiting = undefined;
        this.#client = client;
        resolve(client);
      };
      const failed = (error: Error): void => {
        this.#waiting = undefined;
        reject(error);
      };
      const request = {
        deadline: this.deadline,
        signal: this.#signal,
        after: this.#after,
        attempts: 0,
        settled: false,
        places: new Set<() => void>(),
        granted,
        failed,
      };
      this.#waiting = request;
      this.#core.servers.lease(request);
    });
  }

  /** Gives the connection back; from now on it may be somebody else's, and is not ours to cut off. */
  release(error?: Error): void {
    const client = this.#client;
    this.#client = undefined;
    client?.release(error);
  }

  /** As `work`, which commits nothing; when the caller's end comes first it is not waited for, whatever it is doing. */
  untilEnd<T>(work: () => Promise<T>): Promise<T> {
    if (this.bound.ended) return Promise.reject(this.bound.error('rejected'));
    return new Promise((resolve, reject) => {
      this.#cut = reject;
      work().then(resolve, reject);
    }).finally(() => {
      this.#cut = undefined;
    }) as Promise<T>;
  }

  /** The call is over. */
  close(): void {
    this.bound.release();
  }

  #end(): void {
    const error = this.bound.error(this.#waiting ? 'notSent' : 'unknown');
    const waiting = this.#waiting;
    if (waiting) {
      settle(waiting);
      waiting.failed(error);
    } else (this.#client as unknown as HaClient | undefined)?.abandon(error);
    this.#cut?.(this.bound.error('rejected'));
  }
}
