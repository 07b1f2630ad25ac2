import type { Channel } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { describeError } from '../errors/ha-error.ts';
import type { Clock } from '../runtime/clock.ts';
import { endpointKey } from '../topology/endpoint.ts';
import {
  leadershipEvent,
  type Failover,
  type LeadershipEvent,
  type PrimaryLost,
  type PrimaryRecovered,
} from '../topology/leadership-event.ts';
import type { Topology } from '../topology/topology.ts';
import { announce } from './announce.ts';
import type { HaLogger } from './log.ts';

/** The breaker has opened (calls fail at once) or closed. */
export interface BreakerChange {
  readonly open: boolean;
}

/** The events of both clients beside the driver's own, each with its one argument. */
export interface HaEvents {
  /** any change of what is known of the cluster */
  topology: { readonly previous: Topology; readonly next: Topology; readonly reason: string };
  primaryLost: PrimaryLost;
  primaryRecovered: PrimaryRecovered;
  failover: Failover;
  breaker: BreakerChange;
}

/** What has happened so far, for metrics. Counters only rise. */
export interface Counts {
  failovers: number;
  /** time without a primary that has ended, ms */
  downtimeMs: number;
}

export interface ReporterOptions {
  clock: Clock;
  /** the client, whose listeners hear of it */
  emitter: EventEmitter;
  /** hears every change of topology, with the client as `client` */
  channel: Channel;
  log: HaLogger;
  /** write a line for each change (default true); false where somebody else does so for several clients */
  logsChanges?: boolean;
}

/** Tells the outside what has changed, after it has: counters first, then the log, the channel, and the app's listeners. */
export class Reporter {
  readonly counts: Counts = { failovers: 0, downtimeMs: 0 };
  readonly #options: ReporterOptions;
  #breakerOpen = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  topologyChanged(change: HaEvents['topology']): void {
    const { clock, channel, emitter, log, logsChanges = true } = this.#options;
    const event = leadershipEvent(change, clock.now());
    if (event && 'downtimeMs' in event) this.counts.downtimeMs += event.downtimeMs;
    if (event?.is === 'failover') this.counts.failovers += 1;
    if (event && logsChanges) logLeadership(log, event);
    if (channel.hasSubscribers) channel.publish({ client: emitter, ...change });
    this.#emit('topology', change);
    if (!event || event.is === 'found') return;
    const { is, ...news } = event;
    this.#emit(is, news as HaEvents[typeof is]);
  }

  breakerChanged(open: boolean): void {
    if (open === this.#breakerOpen) return; // half-open and open again is the same outage
    this.#breakerOpen = open;
    const { log, logsChanges = true } = this.#options;
    if (logsChanges) logBreaker(log, open);
    this.#emit('breaker', { open });
  }

  /** Emits one of a client's own events, as safely as the others. */
  emit(event: string, news: unknown): void {
    const { emitter, log } = this.#options;
    announce(emitter, event, news, (error) =>
      log.error({ event: 'listener-threw', of: event, error: describeError(error) }, 'a listener threw'),
    );
  }

  #emit<E extends keyof HaEvents>(event: E, news: HaEvents[E]): void {
    this.emit(event, news);
  }
}

export function logBreaker(log: HaLogger, open: boolean): void {
  if (open)
    log.warn({ event: 'breaker-open' }, 'the outage is long: calls fail at once until a primary is seen');
  else log.info({ event: 'breaker-closed' }, 'calls are let through again');
}

/** One line for each change of leadership. */
export function logLeadership(log: HaLogger, event: LeadershipEvent): void {
  const { generation, reason } = event;
  const at = (member: { endpoint: Parameters<typeof endpointKey>[0] }): string =>
    endpointKey(member.endpoint);
  switch (event.is) {
    case 'found': {
      const { primary } = event;
      const fields = {
        event: 'primary-found',
        primary: at(primary),
        epoch: primary.epoch,
        generation,
        reason,
      };
      return log.info(fields, 'following the primary');
    }
    case 'primaryLost':
      return log.warn(
        { event: 'primary-lost', primary: at(event.previous), generation, reason },
        'the primary is lost, searching',
      );
    case 'primaryRecovered': {
      const { primary, downtimeMs } = event;
      const fields = { event: 'primary-recovered', primary: at(primary), generation, reason };
      return log.info({ ...fields, downtimeMs: Math.round(downtimeMs) }, 'the primary is back');
    }
    case 'failover': {
      const { previous, next, downtimeMs } = event;
      const fields = { event: 'failover', from: at(previous), to: at(next), epoch: next.epoch, generation };
      return log.warn({ ...fields, reason, downtimeMs: Math.round(downtimeMs) }, 'following a new primary');
    }
  }
}
