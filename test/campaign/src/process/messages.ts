import type { Stall } from '@steadfast/check';
import type { Access } from '../clients/client.ts';

export interface Job {
  readonly client: string;
  readonly access: Access;
  readonly writers: number;
  /** calls a second of each writer */
  readonly rate: number;
  readonly historyFile: string;
}

export type ToClient =
  | { ask: 'open'; job: Job }
  | { ask: 'load' }
  /** do nothing else for so long */
  | { ask: 'block'; ms: number }
  /** be off by so much with the wall clock */
  | { ask: 'clock'; ms: number }
  /** begin so many calls of a kind that is no part of the load */
  | { ask: 'begin'; kind: string; count: number }
  /** begin no more calls, and wait at most so long for those that are open */
  | { ask: 'halt'; drainMs: number };

export type FromClient =
  | { tell: 'opened' }
  | { tell: 'failed'; error: string }
  | { tell: 'status'; status: ClientStatus }
  | { tell: 'halted'; result: LoadResult };

/** Instants are ns on the monotonic clock. */
export interface ClientStatus {
  /** when the latest of the acknowledged writes began; 0 before the first */
  readonly newestWriteBegan: number;
  readonly open: number;
}

export interface LoadResult {
  /** when the history ended */
  readonly endedAt: number;
  /** when the machine did not run the client's process */
  readonly stalls: readonly Stall[];
}
