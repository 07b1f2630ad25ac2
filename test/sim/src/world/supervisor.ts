import type { Server } from './server.ts';
import type { World } from './world.ts';

/** Where the leader key is kept. */
export const DCS = 'dcs';

export interface SupervisorOptions {
  /** no confirmed write may be lost: one standby is named that confirms, and only that one may be elected */
  synchronous: boolean;
  /** a leader that has not renewed its key for so long has lost it, ms */
  ttlMs: number;
}

/** As measured: the control plane names a new leader so long before that one accepts writes, ms. */
const NAMED_EARLY_MS = [80, 220] as const;

/**
 * What Patroni does with PostgreSQL, at the size of a simulation: a key with a time to live in a store, an election among those
 * that hold every confirmed write, and a primary that steps down when it cannot renew its key. A frozen one cannot step down:
 * thawed, it takes writes for up to a tick more.
 */
export class Supervisor {
  /** who holds the key */
  leader: Server | undefined;
  readonly #world: World;
  readonly #options: SupervisorOptions;
  readonly #renewed = new Map<Server, number>();
  #expires = Infinity;
  #promoting = false;
  /** somebody else has had a timeline beyond the leader's own */
  #outdone = false;
  /** who took writes last */
  #last: Server | undefined;
  /** a primary that nobody elected has been seen: who is right is anybody's guess until it is gone */
  rogue: Server | undefined;

  constructor(world: World, options: SupervisorOptions) {
    this.#world = world;
    this.#options = options;
    this.leader = this.#last = world.servers[0];
    world.everyTick(() => this.#tick());
  }

  /** Hands over to another member in good order. */
  switchOver(): void {
    const old = this.leader;
    const next = old && this.#candidates(old)[0];
    if (!old?.leads || !next || this.#promoting) return;
    this.#world.happened('switchover', old.name, '->', next.name);
    next.follow(old); // all that there is, before the old one is told
    old.demote();
    this.#elect(next);
  }

  /** Somebody has promoted a standby by hand, behind the supervisor's back. */
  usurp(sameTimeline: boolean): Server | undefined {
    const usurper = this.#world.servers.find((server) => server.running && server !== this.leader);
    if (!usurper || this.rogue) return undefined;
    this.rogue = usurper;
    usurper.promote(usurper.timeline + (sameTimeline ? 0 : 1));
    return usurper;
  }

  /** The operator puts that right as soon as he can: whoever has the key is promoted anew, so that it is the newest of all. */
  restore(): void {
    const { rogue } = this;
    if (!rogue) return;
    this.rogue = undefined;
    rogue.demote();
    this.#outdone = true;
  }

  #tick(): void {
    const now = this.#world.clock.now();
    for (const server of this.#world.servers) if (this.#sees(server)) this.#renewed.set(server, now);
    if (this.leader && this.#sees(this.leader)) this.#expires = now + this.#options.ttlMs;
    for (const server of this.#world.servers) this.#keepInRole(server, now);
    const { leader } = this;
    const gaveUp = leader?.running === true && leader.role === 'replica' && !this.#promoting;
    if (leader && (now > this.#expires || gaveUp)) {
      this.#world.happened('key expired', leader.name);
      this.leader = undefined;
      this.#promoting = false;
    }
    const next = this.leader ? undefined : this.#candidates(undefined)[0];
    if (next) this.#elect(next);
    if (!this.leader?.leads || !this.#sees(this.leader)) return;
    if (this.#outdone) {
      this.leader.endSessions('57P01 terminating connection due to administrator command');
      this.leader.promote(this.#newest() + 1);
      this.#outdone = false;
    }
    this.#nameStandby(this.leader);
  }

  /** Whose word confirms a commit: a standby that runs, follows, and has all that was confirmed so far. */
  #nameStandby(leader: Server): void {
    const fit = (server: Server | undefined): boolean =>
      server?.upstream === leader && this.#sees(server) && server.holds(leader.confirmed);
    const witness = fit(leader.witness) ? leader.witness : this.#world.servers.find(fit);
    if (witness) leader.trust(witness);
  }

  /** A primary without the key steps down; a standby follows whoever has it. */
  #keepInRole(server: Server, now: number): void {
    if (!server.running || server.unsupervised || server === this.rogue) return;
    const { leader } = this;
    if (server.role === 'primary') {
      const blind = now - (this.#renewed.get(server) ?? now) > this.#options.ttlMs * 0.6;
      const replaced = leader !== server && this.#sees(server);
      if (!blind && !replaced) return;
      this.#world.happened('steps down', server.name);
      server.demote();
    }
    const elsewhere = server.upstream !== leader || server.timeline !== leader?.timeline;
    if (
      leader?.leads &&
      leader !== server &&
      elsewhere &&
      this.#world.network.reaches(server.name, leader.name)
    )
      server.follow(leader);
  }

  #sees(server: Server): boolean {
    return server.running && !server.unsupervised && this.#world.network.reaches(server.name, DCS);
  }

  /** Those that could lead, who holds the most first; where nothing may be lost, only who has all that was confirmed. */
  #candidates(except: Server | undefined): Server[] {
    const last = this.#last;
    const entitled = (server: Server): boolean =>
      !this.#options.synchronous || server === last || server === last?.witness;
    const able = this.#world.servers.filter(
      (server) =>
        server !== except &&
        server !== this.rogue &&
        entitled(server) &&
        this.#sees(server) &&
        !server.starting &&
        server.role === 'replica',
    );
    return able.toSorted((a, b) => b.log.length - a.log.length);
  }

  #newest(): number {
    return Math.max(...this.#world.servers.map(({ timeline }) => timeline));
  }

  #elect(next: Server): void {
    const [least, most] = NAMED_EARLY_MS;
    this.leader = next;
    this.#promoting = true;
    this.#expires = this.#world.clock.now() + this.#options.ttlMs;
    this.#world.happened('elected', next.name);
    this.#world.clock.timer(least + (most - least) * this.#world.random.next(), () => {
      this.#promoting = false;
      if (this.leader !== next || !next.running || !this.#sees(next)) return;
      // A standby that has missed promotions counts on from its own timeline, and may come to the same number as another.
      next.promote(Math.max(next.timeline + 1, this.#newest()));
      this.#last = next;
      this.#world.promoted(next);
    });
  }
}
