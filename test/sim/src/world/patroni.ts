import type { Endpoint, Observation } from '@steadfast/shared';
import type { Lie, Plane, Way } from './plane.ts';
import type { Server } from './server.ts';
import { APP } from './network.ts';
import { DCS, type Supervisor } from './supervisor.ts';
import type { World } from './world.ts';

/** One that has not answered for so long gets company, ms: as PatroniResolver does. */
const HEDGE_MS = 100;

/** Members are dialled directly, and found through Patroni's REST API, or listed in the settings (`listed`). */
export class PatroniPlane implements Plane {
  readonly rule = 'self';
  readonly fresh = false;
  /** as PatroniResolver's */
  readonly searchEveryMs = 250;
  readonly seeds: readonly Endpoint[];
  readonly hosts: readonly string[] = [DCS];
  lie: Lie | undefined;
  readonly ask?: (timeoutMs: number) => Promise<readonly Observation[]>;
  readonly #world: World;
  readonly #supervisor: Supervisor;
  /** whom each member takes for the leader: what it knew when it saw the store last */
  readonly #views = new Map<Server, Server | undefined>();
  #turn = 0;
  /** the members were listed in the last answer */
  #told = false;

  constructor(world: World, supervisor: Supervisor, listed: boolean) {
    this.#world = world;
    this.#supervisor = supervisor;
    this.seeds = listed ? world.servers.map(endpointOf) : [];
    if (!listed) this.ask = (timeoutMs) => this.#ask(timeoutMs);
  }

  way(endpoint: Endpoint): Way | undefined {
    const server = this.#world.server(endpoint);
    return server && { server, via: undefined };
  }

  followable(): readonly Server[] {
    const leading = this.#world.servers.filter((server) => server.serves && this.#world.reaches(server));
    // All that are listed are asked at every look.
    if (this.ask === undefined) return newest(leading);
    if (!this.#told) return [];
    const named = this.lie === undefined && this.#askable ? this.#supervisor.leader : undefined;
    return named && leading.includes(named) && !this.#supervisor.rogue ? [named] : leading;
  }

  switchOver(): void {
    this.#supervisor.switchOver();
  }

  /** Whether some member that we reach knows what the store says. */
  get #askable(): boolean {
    const { servers, network } = this.#world;
    return servers.every((server) => !this.#world.reaches(server) || network.reaches(server.name, DCS));
  }

  /** Side by side with a hedge; the first answer wins. */
  #ask(timeoutMs: number): Promise<readonly Observation[]> {
    const { servers, app } = this.#world;
    const at = app.now();
    const first = this.#turn++;
    return new Promise((resolve, reject) => {
      const question = { open: true };
      const timers = servers.map((_, n) =>
        app.timer(n * HEDGE_MS, () => {
          const server = servers[(first + n) % servers.length];
          if (server && question.open)
            this.#askOne(server, question, (view) => settle(() => resolve(this.#tell(view, at))));
        }),
      );
      const late = app.timer(timeoutMs, () => settle(() => reject(new Error('no Patroni answered'))));
      const settle = (then: () => void): void => {
        if (!question.open) return;
        question.open = false;
        for (const timer of [...timers, late]) timer.cancel();
        then();
      };
    });
  }

  #askOne(server: Server, question: { open: boolean }, answered: (view: Server | undefined) => void): void {
    const { network, clock, random } = this.#world;
    network.send([APP, server.name], question, () =>
      server.receive(() => {
        if (this.lie === 'dead') return;
        if (this.lie !== 'stale' && network.reaches(server.name, DCS))
          this.#views.set(server, this.#supervisor.leader);
        const view = this.#views.get(server);
        const reply = (): void => network.send([server.name, APP], question, () => answered(view));
        if (this.lie === 'slow') clock.timer(200 + 1_300 * random.next(), reply);
        else reply();
      }),
    );
  }

  #tell(view: Server | undefined, at: number): Observation[] {
    const { servers, random } = this.#world;
    const listed = this.lie === 'empty' ? [] : servers;
    this.#told = listed.length > 0;
    const named = this.lie === 'wrong' ? servers[Math.floor(random.next() * servers.length)] : view;
    const source = 'patroni';
    const listing: Observation = { kind: 'listing', endpoints: listed.map(endpointOf), source, at };
    return named && listed.length > 0
      ? [listing, { kind: 'nomination', endpoint: endpointOf(named), source, at }]
      : [listing];
  }
}

/** Those of the highest timeline. */
export function newest(servers: readonly Server[]): readonly Server[] {
  const highest = Math.max(...servers.map(({ timeline }) => timeline));
  return servers.filter(({ timeline }) => timeline === highest);
}

export function endpointOf({ name }: Server): Endpoint {
  return { host: name, port: 1 };
}
