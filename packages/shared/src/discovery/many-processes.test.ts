import { describe, expect, it } from 'vitest';
import { backoffMs } from '../policy/backoff.ts';
import type { Breaker } from '../policy/breaker.ts';
import { DialPacer } from '../policy/dial-pacer.ts';
import type { Clock } from '../runtime/clock.ts';
import { Deadline } from '../runtime/deadline.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { seededRandom, type Random } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import { endpointKey, type Endpoint } from '../topology/endpoint.ts';
import type { Observation } from '../topology/observation.ts';
import { Monitor } from './monitor.ts';
import type { Prober } from './prober.ts';

const PROCESSES = 200;
const POOL_MAX = 10;
const OUTAGE_MS = 2_000;
const OLD: Endpoint = { host: 'old', port: 1 };
const NEW: Endpoint = { host: 'new', port: 1 };

const breaker: Breaker = {
  open: false,
  run: (work) => work(),
  close: () => undefined,
  shutdown: () => undefined,
};

/** A server that takes one connection after the other, and refuses those beyond its limit, as PostgreSQL does. */
class Server {
  role: 'primary' | 'replica' = 'replica';
  epoch = 1;
  up = true;
  connections = 0;
  peakConnections = 0;
  inFlight = 0;
  peakInFlight = 0;
  refused = 0;
  /** when each dial for the app's own work began */
  readonly begun: number[] = [];
  readonly #clock: Clock;
  readonly #limit: number;
  #freeAt = 0;

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Opens a connection: 1 ms of the one who accepts, 5 ms of its own. */
  async open(): Promise<void> {
    if (!this.up) throw new Error('refused');
    if (this.connections >= this.#limit) {
      this.refused += 1;
      throw new Error('53300 too many clients already');
    }
    this.connections += 1;
    this.peakConnections = Math.max(this.peakConnections, this.connections);
    this.#freeAt = Math.max(this.#freeAt, this.#clock.now()) + 1;
    await sleep(this.#clock, this.#freeAt - this.#clock.now() + 5);
  }

  async dial(): Promise<void> {
    this.begun.push(this.#clock.now());
    this.inFlight += 1;
    this.peakInFlight = Math.max(this.peakInFlight, this.inFlight);
    try {
      await this.open();
    } finally {
      this.inFlight -= 1;
    }
  }

  close(): void {
    this.connections -= 1;
  }
}

/** As the real one: keeps its connections while a search is on, and lets them go after it. */
class LineProber implements Prober {
  readonly #clock: Clock;
  readonly #servers: ReadonlyMap<string, Server>;
  readonly #lines = new Set<Server>();

  constructor(clock: Clock, servers: ReadonlyMap<string, Server>) {
    this.#clock = clock;
    this.#servers = servers;
  }

  async probe(endpoint: Endpoint): Promise<Observation> {
    const at = this.#clock.now();
    const server = this.#servers.get(endpointKey(endpoint));
    if (!server?.up) return { kind: 'unreachable', endpoint, reason: 'refused', at };
    if (!this.#lines.has(server)) {
      await server.open();
      this.#lines.add(server);
    }
    return { kind: 'self', endpoint, role: server.role, epoch: server.epoch, at };
  }

  rest(): void {
    for (const server of this.#lines) server.close();
    this.#lines.clear();
  }

  close(): void {
    this.rest();
  }
}

/** One app process: a monitor, and a pool whose connections have all been cut at once and are all wanted back. */
function startProcess(
  clock: Clock,
  random: Random,
  servers: ReadonlyMap<string, Server>,
  concurrency: number,
): { monitor: Monitor; reconnect: () => Promise<unknown> } {
  const monitor = new Monitor({
    name: 'test',
    clock,
    random,
    rule: 'self',
    seeds: [OLD, NEW],
    resolvers: [],
    prober: new LineProber(clock, servers),
    refreshMs: 5_000,
    searchMinMs: 25,
    searchMaxMs: 100,
    probeTimeoutMs: 1_000,
    resolveTimeoutMs: 1_000,
  });
  const seat = monitor.seat({ clock, breaker, maxWaiting: 100 });
  const pacer = new DialPacer(clock, random, { concurrency });
  const deadline = Deadline.after(clock, 60_000);
  const one = async (): Promise<void> => {
    for (let attempts = 0; attempts < 100; attempts++) {
      const { endpoint } = await seat.whenConfirmed(deadline);
      const dial = async (): Promise<void> => servers.get(endpointKey(endpoint))?.dial();
      const failed = await pacer
        .run(() => monitor.topology.generation, dial)
        .catch((error: unknown) => error);
      if (failed === undefined) return;
      await sleep(clock, backoffMs({ minMs: 2, maxMs: 250 }, attempts, random));
    }
    throw new Error('no connection in a hundred attempts');
  };
  seat.start();
  return {
    monitor,
    reconnect: () => {
      monitor.suspect('closed');
      return Promise.all(Array.from({ length: POOL_MAX }, one));
    },
  };
}

/** All processes lose the old primary at once; the new one is promoted a while later. */
async function failover(seed: number, concurrency: number): Promise<{ server: Server; doneMs: number }> {
  const clock = new ManualClock();
  const [old, fresh] = [new Server(clock, 10_000), new Server(clock, PROCESSES * (POOL_MAX + 1))];
  const servers = new Map([
    [endpointKey(OLD), old],
    [endpointKey(NEW), fresh],
  ]);
  old.role = 'primary';
  const processes = Array.from({ length: PROCESSES }, (_, n) =>
    startProcess(clock, seededRandom(seed * 1_000 + n), servers, concurrency),
  );
  await clock.advance(3_000);
  old.up = false;
  fresh.peakConnections = fresh.connections;
  const back = Promise.all(processes.map(({ reconnect }) => reconnect()));
  await clock.advance(OUTAGE_MS);
  fresh.role = 'primary';
  fresh.epoch = 2;
  const promotedAt = clock.now();
  let doneMs = Infinity;
  void back.then(() => (doneMs = clock.now() - promotedAt));
  await clock.advance(5_000);
  await Promise.all(processes.map(({ monitor }) => monitor.close()));
  return { server: fresh, doneMs };
}

/** Most dials that began within any `ms`. */
function most(begun: readonly number[], ms: number): number {
  return Math.max(...begun.map((from) => begun.filter((at) => at >= from && at < from + ms).length));
}

describe('two hundred processes after a failover', () => {
  it.each([1, 2, 3])('come back to a fresh primary a few at a time (seed %i)', async (seed) => {
    const { server, doneMs } = await failover(seed, 2);
    expect(server.begun.length).toBe(PROCESSES * POOL_MAX);
    // What the pools may have, and one connection a process for questions: nobody is refused.
    expect(server.refused).toBe(0);
    // Two dials a process, and a third where one has hung for a quarter of a second: the server takes one a millisecond.
    expect(server.peakInFlight).toBeLessThanOrEqual(PROCESSES * 3);
    // All wish to come at once: within any 50 ms each process may try one, and few of them more.
    expect(most(server.begun, 50)).toBeLessThan(PROCESSES * 1.5);
    // And the server is never idle for it: it could not have taken them sooner.
    expect(doneMs).toBeLessThan(PROCESSES * POOL_MAX * 1.1);
  });

  it('would fall on it together if nobody paced them', async () => {
    const { server } = await failover(1, 1_000);
    expect(server.peakInFlight).toBeGreaterThan(PROCESSES * 6);
    expect(most(server.begun, 50)).toBeGreaterThan(PROCESSES * 2);
  });
});
