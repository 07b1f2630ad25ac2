import { managedHostname, type Blueprint, type Host } from '../blueprint.ts';
import { startDns, type DnsServer } from '../dns/dns-server.ts';
import { LabError } from '../errors.ts';
import { PromotionWatch } from './promotion-watch.ts';
import type { Which } from './messages.ts';

/** The managed stand-in's hostnames: they follow each promotion, a settable time later. */
export class ManagedNames {
  readonly #blueprint: Blueprint;
  readonly #dns: DnsServer;
  readonly #watch: PromotionWatch;
  readonly #flipDelayMs: number;
  readonly #ttlS: number;
  /** Where each name should point by the newest promotion, and whether a fault points it elsewhere. */
  readonly #promoted = new Map<Which, Host>();
  readonly #pinned = new Set<Which>();
  readonly #says = new Map<Which, string>();
  readonly #flips = new Map<Which, NodeJS.Timeout>();

  static async start(blueprint: Blueprint): Promise<ManagedNames> {
    const { managed } = blueprint.settings;
    if (!managed) throw new LabError('managed is false in this lab');
    const host = blueprint.root.data.manager;
    const names = new ManagedNames(blueprint, await startDns({ host, port: blueprint.ports.dns }), managed);
    names.#watch.start();
    return names;
  }

  private constructor(blueprint: Blueprint, dns: DnsServer, managed: { flipDelayMs: number; ttlS: number }) {
    this.#blueprint = blueprint;
    this.#dns = dns;
    this.#flipDelayMs = managed.flipDelayMs;
    this.#ttlS = managed.ttlS;
    this.#watch = new PromotionWatch(blueprint, (which, promoted) => this.#promotedNow(which, promoted));
  }

  says(which: Which): { ip: string | undefined; queries: number } {
    return {
      ip: this.#says.get(which),
      queries: this.#dns.queries(managedHostname(this.#blueprint.id, which)),
    };
  }

  pin(which: Which, hostName: string): void {
    const host = this.#blueprint.hosts.find(({ name }) => name === hostName);
    if (!host) throw new LabError(`host '${hostName}': allowed are h1, h2, h3`);
    this.#pinned.add(which);
    this.#point(which, host);
  }

  release(which: Which): void {
    this.#pinned.delete(which);
    const promoted = this.#promoted.get(which);
    if (promoted) this.#point(which, promoted);
  }

  hold(held: boolean): void {
    this.#dns.hold(held);
  }

  fail(mode: Parameters<DnsServer['fail']>[0]): void {
    this.#dns.fail(mode);
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    for (const timer of this.#flips.values()) clearTimeout(timer);
    await this.#dns.close();
  }

  #promotedNow(which: Which, host: Host): void {
    const first = !this.#promoted.has(which);
    this.#promoted.set(which, host);
    clearTimeout(this.#flips.get(which));
    if (first) return this.#point(which, host);
    const flip = (): void => {
      if (!this.#pinned.has(which)) this.#point(which, host);
    };
    this.#flips.set(which, setTimeout(flip, this.#flipDelayMs));
  }

  #point(which: Which, host: Host): void {
    const ip = which === 'postgres' ? host.ip : host.redisIp;
    this.#says.set(which, ip);
    this.#dns.set(managedHostname(this.#blueprint.id, which), [ip], this.#ttlS);
  }
}
