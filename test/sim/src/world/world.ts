import { EventClock, type Share } from '../time/event-clock.ts';
import { seededRandom, type Endpoint, type Random } from '@steadfast/shared';
import { Ledger } from './ledger.ts';
import { Link } from './link.ts';
import { APP, Network } from './network.ts';
import type { Plane } from './plane.ts';
import { Server } from './server.ts';
import { Trace } from './trace.ts';

/** The first thing that was not as promised. */
export interface Violation {
  readonly rule: string;
  readonly detail: string;
  readonly at: number;
}

export interface WorldOptions {
  seed: number;
  members: number;
  synchronous: boolean;
  /** nothing confirmed can be lost, and no work with a proof doubled */
  exact: boolean;
  epochless: boolean;
  latencyMs: number;
  jitterMs: number;
  /** keep the text of each event, to be read */
  tells: boolean;
}

const TICK_MS = 250;

/** Servers, the network between them and us, and what happens to them: everything but the client. */
export class World {
  readonly time: EventClock = new EventClock();
  /** the world's own timers */
  readonly clock: Share;
  /** the client's */
  readonly app: Share;
  readonly random: Random;
  readonly network: Network;
  readonly servers: readonly Server[];
  readonly ledger: Ledger;
  readonly trace: Trace;
  /** since when nothing has happened to the world */
  quietSince = 0;
  violation: Violation | undefined;
  /** the last time that a server which we reach has begun to take writes in a failover */
  promotion: { readonly name: string; readonly at: number } | undefined;

  constructor(options: WorldOptions) {
    const { seed, latencyMs, jitterMs, synchronous, epochless, exact } = options;
    this.clock = this.time.share();
    this.app = this.time.share();
    this.random = seededRandom(seed);
    this.trace = new Trace(this.time, options.tells);
    this.network = new Network(
      { clock: this.clock, random: seededRandom(seed + 1), latencyMs, jitterMs },
      this.app,
    );
    const violate = (rule: string, detail: string): void => this.violate(rule, detail);
    this.ledger = new Ledger(violate);
    const { clock, random, network, ledger } = this;
    const common = { clock, random, network, ledger, synchronous, epochless, exact, violate };
    this.servers = Array.from(
      { length: options.members },
      (_, n) => new Server({ ...common, name: String.fromCharCode(97 + n) }),
    );
    for (const server of this.servers) server.peers = this.servers.filter((other) => other !== server);
    const [first, ...others] = this.servers;
    first?.promote(1);
    for (const other of others) other.upstream = first;
  }

  /** The server that such an address leads to by itself. */
  server(endpoint: Endpoint): Server | undefined {
    return this.servers.find((server) => server.name === endpoint.host);
  }

  /** Something has happened that the client could not have reckoned with. */
  happened(event: string, ...details: readonly (string | number | undefined)[]): void {
    this.quietSince = this.time.now();
    this.trace.note(event, ...details);
  }

  promoted(server: Server): void {
    this.happened('promoted', server.name, server.timeline);
    if (this.reaches(server)) this.promotion = { name: server.name, at: this.time.now() };
  }

  violate(rule: string, detail: string): void {
    this.trace.note('VIOLATION', rule, detail);
    this.violation ??= { rule, detail, at: this.time.now() };
  }

  /** Calls `tick` from now on, four times a second. */
  everyTick(tick: () => void): void {
    this.clock.timer(TICK_MS, () => {
      tick();
      this.everyTick(tick);
    });
  }

  /** A new connection of the app's; undefined where the address refuses it. */
  link(endpoint: Endpoint, plane: Plane): Link | undefined {
    const way = plane.way(endpoint);
    return way && new Link(this.network, way.server, way.via);
  }

  reaches(server: Server, via?: string): boolean {
    return via === undefined
      ? this.network.reaches(APP, server.name)
      : this.network.reaches(APP, via, server.name);
  }
}
