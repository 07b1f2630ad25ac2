import type { Socket } from 'node:net';
import type { ClientBase } from 'pg';
import type { Clock, DialPacer, Seat } from '@steadfast/shared';
import type { DialTarget } from './dial-target.ts';
import type { HaClient } from './ha-client.ts';

/** What every connection of one pool shares. */
export interface DialContext {
  readonly monitor: Seat;
  readonly target: DialTarget;
  readonly pacer: DialPacer;
  readonly clock: Clock;
  readonly dialTimeoutMs: number;
  /** the strategy's own sockets; what the app gives as `stream` is something else */
  readonly stream: (() => Socket) | undefined;
  /** the link of a connection has ended, whoever holds it */
  readonly gone: (client: ClientBase) => void;
  readonly who: Who;
  /** runs a dial, and tells of it */
  readonly watchDial?: (client: HaClient, dial: () => Promise<void>) => Promise<void>;
}

/** Who dials, for messages. */
export interface Who {
  readonly user: string;
  readonly database: string;
  /** how the trusted certificates were set */
  readonly trust: string;
}
