import type { Endpoint, EpochRule, NameLookup, Observation } from '@steadfast/shared';
import type { Server } from './server.ts';

/** Where a connection to an address leads now. */
export interface Way {
  readonly server: Server;
  /** the host in between, where there is one */
  readonly via: string | undefined;
}

/** How a control plane answers when something is wrong with it. */
export type Lie = 'slow' | 'wrong' | 'empty' | 'dead' | 'stale';

/** A deployment: how its servers are reached, who promotes them, and what it tells about that. */
export interface Plane {
  readonly rule: EpochRule;
  /** what configuration names */
  readonly seeds: readonly Endpoint[];
  /** hosts of the deployment itself, beside the servers */
  readonly hosts: readonly string[];
  /** each question dials anew */
  readonly fresh: boolean;
  /** what is wrong with what it tells, if anything */
  lie: Lie | undefined;
  way(endpoint: Endpoint): Way | undefined;
  /** Servers that the client could follow now, and learn of, as the world really is. */
  followable(): readonly Server[];
  /** Asks for a planned change of primary. */
  switchOver(): void;
  /** In a search it is asked no more often, ms. */
  readonly searchEveryMs?: number;
  /** Asks once, over the network; undefined where there is nobody to ask. */
  readonly ask?: (timeoutMs: number) => Promise<readonly Observation[]>;
  /** Hears whenever something may have changed. */
  readonly onPush?: (push: (reason: string) => void) => void;
  /** Where there is a name: looks it up. */
  readonly find?: NameLookup;
}
