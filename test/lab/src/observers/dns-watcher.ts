import { Resolver } from 'node:dns/promises';
import { monotonicMs } from '../monotonic.ts';
import type { NamedEndpoint, Report, Watcher } from './watch.ts';

const EVERY_MS = 10;
const TIMEOUT_MS = 300;

export interface DnsWatcherOptions {
  which: 'postgres' | 'redis';
  hostname: string;
  /** ip:port */
  dnsServer: string;
  members: readonly NamedEndpoint[];
}

/** Watches a managed hostname: which member does DNS name? Without an answer it keeps the last one. */
export class DnsWatcher implements Watcher {
  started = false;
  readonly #resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  readonly #options: DnsWatcherOptions;
  readonly #report: Report;
  #asking = false;
  #askAt = 0;
  #address = '';

  constructor(options: DnsWatcherOptions, report: Report) {
    this.#options = options;
    this.#report = report;
    this.#resolver.setServers([options.dnsServer]);
  }

  tick(now: number): void {
    if (this.#asking || now < this.#askAt) return;
    this.#asking = true;
    this.#askAt = now + EVERY_MS;
    void this.#ask();
  }

  stop(): void {
    this.#resolver.cancel();
  }

  async #ask(): Promise<void> {
    const { hostname, which, members } = this.#options;
    try {
      const address = (await this.#resolver.resolve4(hostname))[0] ?? '';
      if (address !== this.#address) {
        this.#address = address;
        const member = members.find((each) => each.host === address)?.name ?? address;
        this.#report.event({ kind: 'dns-says', at: monotonicMs(), which, member });
      }
    } catch (error) {
      this.#report.problem(`dns ${which}`, error);
    } finally {
      this.started = true;
      this.#asking = false;
    }
  }
}
