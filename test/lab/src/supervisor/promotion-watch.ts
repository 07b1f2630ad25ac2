import type { Blueprint, Host } from '../blueprint.ts';
import { patroniCall } from '../control/patroni-rest.ts';
import { redisRole } from '../control/redis-call.ts';
import type { Which } from './messages.ts';

const EVERY_MS = 100;
const TIMEOUT_MS = 400;

/**
 * Tells of promotions, as a provider's own controller learns of them: for PostgreSQL the member whose Patroni says it
 * is primary, for Redis a member that was a replica and now says it is master. A master that comes back and still
 * believes in itself is no promotion.
 */
export class PromotionWatch {
  readonly #blueprint: Blueprint;
  readonly #onPromoted: (which: Which, host: Host) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #wasReplica = new Map<string, boolean>();
  #primary: string | undefined;
  #master: string | undefined;

  constructor(blueprint: Blueprint, onPromoted: (which: Which, host: Host) => void) {
    this.#blueprint = blueprint;
    this.#onPromoted = onPromoted;
  }

  start(): void {
    const { settings, hosts } = this.#blueprint;
    // Each member is asked on its own, so that a frozen one delays none of the others.
    for (const host of hosts) {
      if (settings.postgres) this.#repeat(() => this.#askPatroni(host));
      if (settings.redis) this.#repeat(() => this.#askRedis(host));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #repeat(ask: () => Promise<void>): void {
    let asking = false;
    const tick = (): void => {
      if (asking) return;
      asking = true;
      // A member that does not answer says nothing.
      void ask()
        .catch(() => undefined)
        .finally(() => (asking = false));
    };
    this.#timers.push(setInterval(tick, EVERY_MS));
  }

  async #askPatroni(host: Host): Promise<void> {
    const { status } = await patroniCall(this.#blueprint, host, '/primary', {
      method: 'OPTIONS',
      timeoutMs: TIMEOUT_MS,
    });
    if (status !== 200 || this.#primary === host.name) return;
    this.#primary = host.name;
    this.#onPromoted('postgres', host);
  }

  async #askRedis(host: Host): Promise<void> {
    const { role } = await redisRole(this.#blueprint, host, TIMEOUT_MS);
    const wasReplica = this.#wasReplica.get(host.name);
    this.#wasReplica.set(host.name, role === 'slave');
    if (role !== 'master' || this.#master === host.name) return;
    if (this.#master !== undefined && wasReplica !== true) return;
    this.#master = host.name;
    this.#onPromoted('redis', host);
  }
}
