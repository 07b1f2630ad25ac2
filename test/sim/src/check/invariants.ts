import { endpointKey, primaryOf, type Endpoint, type Topology } from '@steadfast/shared';
import type { AppProcess, Settings, Watcher } from '../client/app-process.ts';
import { ROUTE_HEDGE_MS } from '../client/app-process.ts';
import type { CallKind, Result } from '../client/call.ts';
import type { Connection } from '../client/connection.ts';
import type { Plane } from '../world/plane.ts';
import type { World } from '../world/world.ts';

/** The pacer's own default: a dial that hangs holds its place so long, ms. */
const HEDGE_MS = 250;
/** Questions to one address at once: one, and so many beside it where those hang. */
const QUESTIONS = { route: 6, self: 3, nominated: 1 } as const;

/** With a primary to be had for so long, a lost COMMIT can be resolved, ms. */
const RESOLVE_MS = 8_000;

/** What must hold at every moment of every schedule, whatever happens in it. */
export class Invariants implements Watcher {
  readonly #world: World;
  readonly #plane: Plane;
  readonly #settings: Settings;
  #process: AppProcess | undefined;
  #topology: Topology | undefined;
  /** the highest timeline that any server has shown this client as its own, as primary */
  #shown = 0;
  /** … of those it was let in to */
  #admitted = 0;
  /** the last promotion that came while this client searched */
  #awaited: { name: string; at: number } | undefined;
  #promotion: World['promotion'];
  /** how long after a promotion it was followed, ms: of promotions that were waited for, with nothing else wrong */
  readonly followMs: number[] = [];
  /** since when nobody has been followed whom there was reason to follow */
  #astraySince: number | undefined;
  /** the first sign since then that speaks against whoever is followed */
  #signSince: number | undefined;
  #waitingSince: number | undefined;
  /** since when there has been somebody to follow */
  #ableSince: number | undefined;
  readonly #dials: { pool: number; connection: Connection; at: number; generation: number }[] = [];
  /** generations of which a dial of a pool has succeeded */
  readonly #proven = new Map<string, number>();

  constructor(world: World, plane: Plane, settings: Settings) {
    this.#world = world;
    this.#plane = plane;
    this.#settings = settings;
  }

  watch(process: AppProcess): void {
    this.#process = process;
    this.#topology = process.monitor.topology;
  }

  heard(timeline: number): void {
    this.#shown = Math.max(this.#shown, timeline);
  }

  suspected(): void {
    if (this.#astraySince !== undefined) this.#signSince ??= this.#world.app.now();
  }

  /** P7: no more dials begin than the pacer may let. */
  dialled(pool: number, connection: Connection): void {
    const at = this.#world.app.now();
    const generation = connection.dialGeneration;
    this.#world.trace.note('dial', connection.endpoint?.host, `generation ${generation}`);
    const provenSince = this.#proven.get(`${pool}/${generation}`);
    const proven = provenSince !== undefined;
    const route = this.#plane.rule === 'route';
    const withinMs = proven || !route ? HEDGE_MS : ROUTE_HEDGE_MS;
    const open = this.#dials.filter(
      (dial) =>
        dial.pool === pool &&
        dial.generation === generation &&
        dial.at >= (provenSince ?? 0) && // until then a dial holds its place for less
        dial.connection.dialSince === dial.at &&
        at - dial.at < withinMs - 1e-6,
    );
    this.#dials.push({ pool, connection, at, generation });
    if (this.#dials.length > 64) this.#dials.shift();
    const limit = proven ? this.#settings.dialConcurrency : 1;
    if (open.length + 1 > limit)
      this.#violate(
        'dials',
        `${open.length + 1} dials of pool ${pool} begin within ${withinMs} ms, ${limit} may`,
      );
  }

  /** P4: nobody who says that it is a standby, and nobody older than one who was let in before. */
  admitted(pool: number, connection: Connection): void {
    if (connection.role === 'replica')
      this.#violate('role', `a standby is let in as the primary that ${connection.endpoint?.host} leads to`);
    const key = `${pool}/${connection.dialGeneration}`;
    if (!this.#proven.has(key)) this.#proven.set(key, this.#world.app.now());
    const { timeline } = connection;
    if (timeline !== undefined) {
      if (timeline < this.#admitted)
        this.#violate('epoch', `a server of timeline ${timeline} is let in after one of ${this.#admitted}`);
      this.#admitted = Math.max(this.#admitted, timeline);
      this.heard(timeline);
    }
    const { generation } = connection;
    const now = this.#process?.monitor.topology.generation;
    if (generation !== undefined && now !== undefined && generation > now)
      this.#violate('epoch', 'a connection of a generation to come');
  }

  /** After each event. */
  step(): void {
    const process = this.#process;
    if (!process) return;
    const { topology } = process.monitor;
    const { promotion } = this.#world;
    if (promotion !== this.#promotion) {
      this.#promotion = promotion;
      this.#awaited = process.monitor.state === 'searching' && !primaryOf(topology) ? promotion : undefined;
    }
    if (topology !== this.#topology) this.#watchTopology(topology);
    for (const seat of process.seats) {
      // Two queues stand in a seat, each with the limit.
      if (seat.waiting > 2 * this.#settings.maxWaiting) this.#violate('queue', `${seat.waiting} calls wait`);
    }
    const { prober, resolver } = process;
    const most = QUESTIONS[this.#plane.rule];
    if (prober.asked.mostAtOnce > most)
      this.#violate('questions', `${prober.asked.mostAtOnce} questions to one server at once`);
    // A name is looked at beside the questions, and by each.
    const looks = this.#plane.find ? 2 : 1;
    if (resolver.mostAtOnce > looks)
      this.#violate('questions', `${resolver.mostAtOnce} questions to the control plane at once`);
  }

  /** P4: neither epoch nor generation ever falls, and nobody older than the epoch is followed. */
  #watchTopology(topology: Topology): void {
    const before = this.#topology;
    this.#topology = topology;
    if (before && topology.generation < before.generation)
      this.#violate('epoch', `the generation falls to ${topology.generation}`);
    if (before?.epoch !== undefined && (topology.epoch === undefined || topology.epoch < before.epoch))
      this.#violate('epoch', `the epoch falls from ${before.epoch} to ${topology.epoch}`);
    const primary = primaryOf(topology);
    if (primary) this.#found(primary.endpoint);
    if (primary?.epoch !== undefined && topology.epoch !== undefined && primary.epoch < topology.epoch)
      this.#violate(
        'epoch',
        `${endpointKey(primary.endpoint)} of epoch ${primary.epoch} is followed under ${topology.epoch}`,
      );
  }

  /** P6: where there was time enough to find out, nothing that carries a proof ends in doubt. */
  ended(work: number, kind: CallKind, result: Result, since: number): void {
    if (kind !== 'proof' || result.is === 'ok' || result.outcome !== 'unknown') return;
    const calm = Math.max(since, this.#ableSince ?? Infinity, this.#world.quietSince);
    const ms = this.#world.app.now() - calm;
    if (ms > RESOLVE_MS)
      this.#violate(
        'unresolved',
        `work ${work} ends in doubt (${result.code}) after ${ms} ms in which it could have been resolved`,
      );
  }

  /** P2: four times a second. Whom there is reason to follow is followed, within a bound; and then nobody waits. */
  tick(): void {
    const process = this.#process;
    if (!process) return;
    const now = this.#world.app.now();
    const able = this.#plane
      .followable()
      .filter(({ timeline }) => this.#plane.rule === 'nominated' || timeline >= this.#shown);
    const stalled = this.#world.app.stalledUntil > now;
    const asked = process.monitor.state !== 'idle';
    if (able.length === 0 || stalled || !asked) {
      this.#astraySince = this.#waitingSince = this.#ableSince = this.#signSince = undefined;
      return;
    }
    this.#ableSince ??= now;
    const primary = primaryOf(process.monitor.topology);
    const right = primary !== undefined && this.#leadsTo(primary.endpoint, able);
    const waiting = process.seats.some((seat) => seat.waiting > 0);
    this.#astraySince = right ? undefined : (this.#astraySince ?? now);
    if (right) this.#signSince = undefined;
    this.#waitingSince = waiting ? (this.#waitingSince ?? now) : undefined;
    const { refreshMs, probeTimeoutMs, searchMaxMs } = this.#settings;
    // A question that hangs has its time, a lost packet and a look of this check have theirs.
    const soonMs = probeTimeoutMs + 4 * searchMaxMs + 400;
    // A question whose packets are lost twice has no time left, and the next may fare no better.
    const searchMs = this.#world.network.loss > 0 ? 4 * soonMs : soonMs;
    const astray = this.#since(this.#astraySince);
    const limit = primary ? refreshMs * 1.25 + searchMs : searchMs;
    if (this.#since(this.#signSince) > searchMs)
      this.#violate(
        'follow',
        `a sign was heard ${this.#since(this.#signSince)} ms ago, and nobody has looked`,
      );
    const names = able.map(({ name }) => name).join(' or ');
    if (astray > limit)
      this.#violate(
        'follow',
        `${names} could be followed for ${astray} ms, and ${primary ? endpointKey(primary.endpoint) : 'nobody'} is`,
      );
    if (this.#since(this.#waitingSince) > searchMs && primary === undefined)
      this.#violate(
        'follow',
        `calls wait for ${this.#since(this.#waitingSince)} ms, and ${names} could be followed`,
      );
  }

  /** P2, as a figure: only where nothing but the promotion itself was in the way. */
  #found(endpoint: Endpoint): void {
    const awaited = this.#awaited;
    this.#awaited = undefined;
    const { quietSince, network, time, app } = this.#world;
    const calm =
      quietSince === awaited?.at &&
      network.loss === 0 &&
      this.#plane.lie === undefined &&
      app.stalledUntil < quietSince;
    if (calm && this.#plane.rule === 'self' && endpoint.host === awaited.name)
      this.followMs.push(time.now() - awaited.at);
  }

  #since(since: number | undefined): number {
    const { quietSince } = this.#world;
    return since === undefined ? 0 : this.#world.app.now() - Math.max(since, quietSince);
  }

  #leadsTo(endpoint: Endpoint, able: readonly { name: string }[]): boolean {
    const way = this.#plane.way(endpoint);
    // One that leads and takes nobody in is nothing to go away from.
    return (
      way !== undefined &&
      (way.server.refuses !== undefined || able.some(({ name }) => name === way.server.name))
    );
  }

  #violate(rule: string, detail: string): void {
    this.#world.violate(rule, detail);
  }
}
