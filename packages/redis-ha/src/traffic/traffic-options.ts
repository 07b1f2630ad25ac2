import type { DriverCommand } from '../commands/command.ts';
import type { Dialer } from '../dial/dialer.ts';
import type { DriverInternals } from '../driver/internals.ts';
import type { ReplicationGroup } from '../group/replication-group.ts';
import type { Settings } from '../options/settings.ts';
import type { CommandStory } from '../telemetry/command-story.ts';
import type { LinkCare } from './link-care.ts';

export interface TrafficOptions {
  settings: Settings;
  group: () => ReplicationGroup;
  dialer: Dialer;
  driver: DriverInternals;
  /** hands a command to ioredis; without a stream it is written by itself, even if it came as part of a pipeline */
  send: (command: DriverCommand, stream?: unknown) => unknown;
  /** makes the connection use a database */
  select: (db: number) => void;
  connect: () => void;
  disconnect: () => void;
  care: LinkCare;
  /** hears what becomes of commands that do not simply pass */
  story: CommandStory;
}
