import type { Endpoint } from '@steadfast/shared';
import { APP } from './network.ts';
import { newest } from './patroni.ts';
import type { Lie, Plane, Way } from './plane.ts';
import type { Server } from './server.ts';
import type { Supervisor } from './supervisor.ts';
import type { World } from './world.ts';

/** Checks in a row that bring a server into a balancer's rotation, and out of it. */
const RISE = 2;
const FALL = 3;

/** One HAProxy: it checks each server, and leads a connection to whichever it takes for the primary. */
class Balancer {
  readonly host: string;
  readonly #checks = new Map<Server, { up: boolean; streak: number }>();
  #turn = 0;

  constructor(host: string, servers: readonly Server[]) {
    this.host = host;
    for (const server of servers) this.#checks.set(server, { up: server.role === 'primary', streak: 0 });
  }

  /** @returns whether anything has changed */
  check(world: World): boolean {
    let changed = false;
    for (const [server, check] of this.#checks) {
      const up = server.leads && world.network.reaches(this.host, server.name);
      check.streak = up === check.up ? 0 : check.streak + 1;
      if (check.streak < (up ? RISE : FALL)) continue;
      check.up = up;
      check.streak = 0;
      changed = true;
    }
    return changed;
  }

  get targets(): Server[] {
    return [...this.#checks].flatMap(([server, { up }]) => (up ? [server] : []));
  }

  /** In turns, where it takes several for the primary. */
  get next(): Server | undefined {
    const { targets } = this;
    return targets[this.#turn++ % targets.length];
  }
}

/** Two HAProxy in front of the servers: the addresses of the settings. */
export class BalancerPlane implements Plane {
  readonly rule = 'route';
  readonly fresh = true;
  readonly hosts: readonly string[];
  readonly seeds: readonly Endpoint[];
  lie: Lie | undefined;
  readonly #world: World;
  readonly #supervisor: Supervisor;
  readonly #balancers: readonly Balancer[];

  constructor(world: World, supervisor: Supervisor) {
    this.#world = world;
    this.#supervisor = supervisor;
    this.#balancers = ['p1', 'p2'].map((host) => new Balancer(host, world.servers));
    this.hosts = this.#balancers.map(({ host }) => host);
    this.seeds = this.hosts.map((host) => ({ host, port: 1 }));
    world.everyTick(() => {
      if (this.lie === 'stale') return;
      for (const balancer of this.#balancers)
        if (balancer.check(world))
          world.happened('route', balancer.host, ...balancer.targets.map(({ name }) => name));
    });
  }

  way(endpoint: Endpoint): Way | undefined {
    const balancer = this.#balancers.find(({ host }) => host === endpoint.host);
    const server = balancer?.next;
    return balancer && server && { server, via: balancer.host };
  }

  /** Only what a balancer leads to every time: of two targets it depends on chance which one a question reaches. */
  followable(): readonly Server[] {
    const led = this.#balancers.flatMap(({ host, targets: [only, ...others] }) =>
      only?.serves && others.length === 0 && this.#world.reaches(only, host) ? [only] : [],
    );
    return newest(led);
  }

  switchOver(): void {
    this.#supervisor.switchOver();
  }
}

/** A provider's endpoint: one name, which is pointed to the new primary some time after the promotion. */
export class NamePlane implements Plane {
  readonly rule = 'route';
  readonly fresh = true;
  readonly hosts: readonly string[] = ['dns'];
  readonly seeds: readonly Endpoint[] = [{ host: 'db', port: 1 }];
  lie: Lie | undefined;
  readonly find = (): Promise<readonly string[]> => this.#find();
  readonly #world: World;
  readonly #supervisor: Supervisor;
  #target: Server | undefined;
  #moving = false;

  constructor(world: World, supervisor: Supervisor) {
    this.#world = world;
    this.#supervisor = supervisor;
    this.#target = world.servers[0];
    world.everyTick(() => this.#tick());
  }

  /** Every dial looks the name up; where no name server answers, there is nothing to dial. */
  way(): Way | undefined {
    const server = this.#points();
    return server && { server, via: undefined };
  }

  followable(): readonly Server[] {
    const server = this.lie === undefined ? this.#target : undefined;
    return server?.serves && this.#world.reaches(server) ? [server] : [];
  }

  switchOver(): void {
    this.#supervisor.switchOver();
  }

  #tick(): void {
    const { leader } = this.#supervisor;
    if (!leader?.leads || leader === this.#target || this.#moving) return;
    this.#moving = true;
    this.#world.clock.timer(2_000 * this.#world.random.next(), () => {
      this.#moving = false;
      this.#target = leader;
      this.#world.happened('name points to', leader.name);
    });
  }

  /** What a lying name server says: another server, or none. */
  #points(): Server | undefined {
    const { servers } = this.#world;
    switch (this.lie) {
      case 'wrong':
      case 'stale':
        return servers.find((server) => server !== this.#target);
      case 'dead':
      case 'empty':
        return undefined;
      default:
        return this.#target;
    }
  }

  #find(): Promise<readonly string[]> {
    const { network, app, random } = this.#world;
    const question = { open: true };
    return new Promise((resolve, reject) => {
      const answered = (): void => {
        const server = this.#points();
        if (this.lie === 'dead') reject(new Error('SERVFAIL'));
        else resolve(server ? [server.name] : []);
      };
      const slowMs = this.lie === 'slow' ? 500 * random.next() : 0;
      network.send([APP, 'dns'], question, () =>
        network.send(['dns', APP], question, () => {
          if (slowMs > 0) app.timer(slowMs, answered);
          else answered();
        }),
      );
    });
  }
}
