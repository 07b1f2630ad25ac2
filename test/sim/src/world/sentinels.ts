import type { Endpoint, Observation } from '@steadfast/shared';
import { APP } from './network.ts';
import { endpointOf } from './patroni.ts';
import type { Lie, Plane, Way } from './plane.ts';
import type { Server } from './server.ts';
import type { World } from './world.ts';

/** What one sentinel knows. */
interface Sentinel {
  readonly host: string;
  master: Server;
  epoch: number;
  missedSince: number | undefined;
}

/** As measured: the promotion is announced so long after it by the followers, and by the leader, ms. */
const FOLLOWERS_MS = 800;
const LEADER_MS = 1_850;
/** The old master is turned into a replica so long after it could be, ms (10 s in the field). */
const TURN_MS = 2_000;

/** Redis under three sentinels: replication without confirmation, and an epoch that only the sentinels know. */
export class SentinelPlane implements Plane {
  readonly rule = 'nominated';
  readonly fresh = false;
  readonly seeds: readonly Endpoint[] = [];
  readonly hosts: readonly string[];
  lie: Lie | undefined;
  readonly ask = (timeoutMs: number): Promise<readonly Observation[]> => this.#ask(timeoutMs);
  readonly onPush = (push: (reason: string) => void): void => void (this.#push = push);
  readonly #world: World;
  readonly #downAfterMs: number;
  readonly #sentinels: readonly Sentinel[];
  /** who was promoted last, under which epoch: what all of them will come to know */
  #truth: { master: Server; epoch: number };
  #electing = false;
  #push: (reason: string) => void = () => undefined;
  readonly #strayed = new Map<Server, number>();

  constructor(world: World, downAfterMs: number) {
    this.#world = world;
    this.#downAfterMs = downAfterMs;
    const [master] = world.servers as readonly [Server, ...Server[]];
    this.hosts = ['s1', 's2', 's3'];
    this.#sentinels = this.hosts.map((host) => ({ host, master, epoch: 0, missedSince: undefined }));
    this.#truth = { master, epoch: 0 };
    world.everyTick(() => this.#tick());
  }

  way(endpoint: Endpoint): Way | undefined {
    const server = this.#world.server(endpoint);
    return server && { server, via: undefined };
  }

  /** Whom the newest of those that we reach name. */
  followable(): readonly Server[] {
    if (this.lie === 'dead' || this.lie === 'slow' || this.lie === 'empty') return [];
    const heard = this.#sentinels.filter(({ host }) => this.#world.network.reaches(APP, host));
    const newest = heard.toSorted((a, b) => b.epoch - a.epoch)[0];
    return newest?.master.serves && this.#world.reaches(newest.master) ? [newest.master] : [];
  }

  switchOver(): void {
    const next = this.#candidate();
    if (next && !this.#electing && this.#truth.master.leads) this.#elect(next);
  }

  #tick(): void {
    const { network, clock } = this.#world;
    const now = clock.now();
    for (const sentinel of this.#sentinels) {
      const { master, host } = sentinel;
      const well =
        master.running && !master.unsupervised && !master.starting && network.reaches(host, master.name);
      if (well) sentinel.missedSince = undefined;
      else sentinel.missedSince ??= now;
      this.#learn(sentinel);
    }
    const missing = this.#together().filter(
      ({ missedSince }) => now - (missedSince ?? now) >= this.#downAfterMs,
    );
    const next = missing.length >= 2 && !this.#electing ? this.#candidate() : undefined;
    if (next) this.#elect(next);
    for (const server of this.#world.servers) this.#turn(server, now);
  }

  /** A majority that can talk to each other; nothing happens without one. */
  #together(): Sentinel[] {
    const { network } = this.#world;
    const groups = this.#sentinels.map((one) =>
      this.#sentinels.filter((other) => network.reaches(one.host, other.host)),
    );
    return groups.find((group) => group.length >= 2) ?? [];
  }

  #candidate(): Server | undefined {
    const reached = (server: Server): boolean =>
      this.#together().some(({ host }) => this.#world.network.reaches(host, server.name));
    const able = this.#world.servers.filter(
      (server) => server !== this.#truth.master && server.running && !server.starting && reached(server),
    );
    return able.toSorted((a, b) => b.log.length - a.log.length)[0];
  }

  #elect(next: Server): void {
    const { clock, random } = this.#world;
    const [leader] = this.#together();
    this.#electing = true;
    this.#world.happened('elected', next.name);
    clock.timer(100 + 200 * random.next(), () => {
      this.#electing = false;
      if (!next.running) return;
      const epoch = this.#truth.epoch + 1;
      this.#truth = { master: next, epoch };
      next.promote(epoch);
      for (const sentinel of this.#sentinels) sentinel.missedSince = undefined;
      this.#world.promoted(next);
      for (const sentinel of this.#sentinels)
        clock.timer(sentinel === leader ? LEADER_MS : FOLLOWERS_MS, () => this.#learn(sentinel, true));
    });
  }

  /** From the others, as soon as there is something to hear; the hello takes its time. */
  #learn(sentinel: Sentinel, now = false): void {
    const { master, epoch } = this.#truth;
    if (sentinel.epoch >= epoch || !this.#together().includes(sentinel)) return;
    const others = this.#sentinels.some((other) => other !== sentinel && other.epoch >= epoch);
    if (!now && !others) return;
    Object.assign(sentinel, { master, epoch, missedSince: undefined });
    this.#world.happened('learns', sentinel.host, master.name, epoch);
    this.#world.network.send([sentinel.host, APP], { open: false }, () =>
      this.#push(`${sentinel.host} has switched`),
    );
  }

  /** Whoever is not the master is made to follow it, a while after it could be. */
  #turn(server: Server, now: number): void {
    const { master } = this.#truth;
    const right =
      server === master ? server.role === 'primary' : server.upstream === master && server.role === 'replica';
    const reached = this.#sentinels.some(
      ({ host, epoch }) => epoch === this.#truth.epoch && this.#world.network.reaches(host, server.name),
    );
    if (right || server.unsupervised || !server.running || server.starting || !reached)
      return void this.#strayed.delete(server);
    const since = this.#strayed.get(server) ?? now;
    this.#strayed.set(server, since);
    if (now - since < TURN_MS) return;
    if (server === master) server.promote(this.#truth.epoch);
    else server.follow(master);
    this.#world.happened('turned', server.name, server.role);
  }

  /** All side by side; what the newest of those says that answer within a moment of the majority. */
  #ask(timeoutMs: number): Promise<readonly Observation[]> {
    const { network, app, clock, random } = this.#world;
    const at = app.now();
    const question = { open: true };
    const heard: { host: string; master: Server; epoch: number }[] = [];
    return new Promise((resolve, reject) => {
      const end = (): void => {
        question.open = false;
        grace?.cancel();
        late.cancel();
        if (heard.length === 0) reject(new Error('no sentinel answered'));
        else resolve(this.#tell(heard, at));
      };
      const late = app.timer(timeoutMs, end);
      let grace: ReturnType<typeof app.timer> | undefined;
      for (const { host } of this.#sentinels) {
        network.send([APP, host], question, () => {
          if (this.lie === 'dead') return;
          const says = this.#says(host);
          const reply = (): void =>
            network.send([host, APP], question, () => {
              if (!question.open) return;
              heard.push(says);
              if (heard.length === this.#sentinels.length) end();
              else if (heard.length === 2) grace = app.timer(20, end);
            });
          if (this.lie === 'slow') clock.timer(2_000 * random.next(), reply);
          else reply();
        });
      }
    });
  }

  /** A lying one, the first, names whom it likes under an epoch of long ago. */
  #says(host: string): { host: string; master: Server; epoch: number } {
    const sentinel = this.#sentinels.find((each) => each.host === host) as Sentinel;
    const other = this.#world.servers.find((server) => server !== sentinel.master);
    const lies =
      (this.lie === 'wrong' || this.lie === 'stale') && host === this.hosts[0] && sentinel.epoch > 0;
    return lies && other ? { host, master: other, epoch: sentinel.epoch - 1 } : { ...sentinel };
  }

  #tell(heard: readonly { host: string; master: Server; epoch: number }[], at: number): Observation[] {
    const [best] = heard.toSorted((a, b) => b.epoch - a.epoch || a.host.localeCompare(b.host));
    if (!best) return [];
    const source = best.host;
    const listed = this.lie === 'empty' ? [] : this.#world.servers;
    return [
      { kind: 'listing', endpoints: listed.map(endpointOf), source, at },
      { kind: 'nomination', endpoint: endpointOf(best.master), epoch: best.epoch, source, at },
    ];
  }
}
