import { endpointKey, primaryOf, type Clock, type Instant, type Topology } from '@steadfast/shared';
import { textOf, type Reply } from '../wire/reply.ts';
import type { SideLine } from './side-line.ts';

/** The primary is asked at most so often. */
const EVERY_MS = 30_000;

/**
 * What the primary says of its own persistence, as warnings. It is asked only when somebody wants to know, in the background:
 * the answer is there for the next who asks. A server that forbids the question is left alone.
 */
export class Persistence {
  readonly #clock: Clock;
  readonly #side: SideLine;
  readonly #topology: () => Topology;
  #askedAt: Instant = -Infinity;
  /** who was asked last: another primary's troubles are not this one's */
  #member: string | undefined;
  #warnings: readonly string[] = [];

  constructor(clock: Clock, side: SideLine, topology: () => Topology) {
    this.#clock = clock;
    this.#side = side;
    this.#topology = topology;
  }

  get warnings(): readonly string[] {
    const primary = primaryOf(this.#topology());
    if (!primary) return [];
    const member = endpointKey(primary.endpoint);
    if (member !== this.#member) {
      this.#warnings = [];
      this.#askedAt = -Infinity;
      this.#member = member;
    }
    if (this.#clock.now() - this.#askedAt >= EVERY_MS) {
      this.#askedAt = this.#clock.now();
      this.#side.ask(primary.endpoint, [['INFO', 'persistence']]).then(
        ([reply]) => {
          if (member === this.#member) this.#warnings = persistenceWarnings(reply);
        },
        () => undefined, // it may be forbidden, or the server gone: that is for others to say
      );
    }
    return this.#warnings;
  }
}

/** Reads `INFO persistence`. https://redis.io/docs/latest/commands/info/ */
export function persistenceWarnings(reply: Reply | undefined): string[] {
  const fields = new Map(
    textOf(reply)
      .split('\r\n')
      .map((line) => line.split(':', 2) as [string, string | undefined]),
  );
  const warnings: string[] = [];
  if (fields.get('rdb_last_bgsave_status') === 'err')
    warnings.push('the last RDB snapshot of the primary failed');
  if (fields.get('aof_last_write_status') === 'err')
    warnings.push('the primary could not write to its append-only file');
  if (fields.get('aof_last_bgrewrite_status') === 'err')
    warnings.push('the last rewrite of the primary’s append-only file failed');
  return warnings;
}
