import http from 'node:http';
import https from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import {
  certificateRefusal,
  describeError,
  hostGate,
  sleep,
  type Clock,
  type Observation,
  type Resolver,
} from '@steadfast/shared';
import { parsePatroniCluster, type PatroniCluster } from './patroni-cluster.ts';
import { restGet } from './rest-get.ts';

export interface PatroniResolverOptions {
  clock: Clock;
  urls: readonly URL[];
  tls: SecureContextOptions;
  /** the hosts that may be dialled (default: any) */
  allowed?: readonly string[] | undefined;
  /** hears of each host that may not be, once */
  onRefused?: (host: string) => void;
  /** a member that has not answered for so long gets company: the next one is asked too, ms (default 100) */
  hedgeMs?: number;
}

const MAX_URLS = 64;

/**
 * Patroni's view, by `GET /cluster` on any member, hedged: a slow or dead member delays the answer by one hedge, no more.
 * Each question starts at the next member, so that one with a stale view cannot mislead for long. Its timeline is late by a
 * second after a promotion and is not used; the member's own SQL answer is the truth.
 */
export class PatroniResolver implements Resolver {
  readonly name = 'patroni';
  /** Its REST API is Python's, in the process that fails the cluster over: a hundred apps that ask for whom they know wear it down. */
  readonly searchEveryMs = 250;
  readonly #options: PatroniResolverOptions;
  readonly #agents: { 'http:': http.Agent; 'https:': https.Agent };
  #urls: readonly URL[];
  #turn = 0;
  /** What a control plane says must not lead us, with our credentials, to a host that is nobody's business. */
  readonly #mayDial: (host: string) => boolean;

  constructor(options: PatroniResolverOptions) {
    this.#options = options;
    this.#urls = options.urls;
    this.#mayDial = hostGate(options.allowed, (host) => options.onRefused?.(host));
    const keep = { keepAlive: true, maxSockets: 4, maxFreeSockets: 1 };
    this.#agents = {
      'http:': new http.Agent(keep),
      'https:': new https.Agent({ ...keep, minVersion: 'TLSv1.2', ...options.tls }),
    };
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const at = this.#options.clock.now();
    const cluster = await this.#ask(timeoutMs);
    const members = cluster.members.filter(({ endpoint }) => this.#mayDial(endpoint.host));
    if (members.length === 0 && cluster.members.length > 0)
      throw new Error('Patroni names no host that allowedHosts (PG_HA_ALLOWED_HOSTS) allows');
    this.#learn(cluster);
    const source = this.name;
    const leader = members.find((member) => member.leader);
    const listing = {
      kind: 'listing',
      endpoints: members.map((member) => member.endpoint),
      source,
      at,
    } as const;
    return leader ? [listing, { kind: 'nomination', endpoint: leader.endpoint, source, at }] : [listing];
  }

  close(): void {
    this.#agents['http:'].destroy();
    this.#agents['https:'].destroy();
  }

  /** The first good answer wins; the others are aborted. */
  async #ask(timeoutMs: number): Promise<PatroniCluster> {
    const first = this.#turn++ % this.#urls.length;
    const order = [...this.#urls.slice(first), ...this.#urls.slice(0, first)];
    const done = new AbortController();
    const failures: string[] = [];
    const asked = order.map((url, position) => this.#askOne(url, position, timeoutMs, done.signal, failures));
    try {
      return await Promise.any(asked);
    } catch {
      throw new Error(`no Patroni answered: ${failures.join('; ')}`);
    } finally {
      done.abort();
    }
  }

  async #askOne(
    url: URL,
    position: number,
    timeoutMs: number,
    signal: AbortSignal,
    failures: string[],
  ): Promise<PatroniCluster> {
    const { clock, hedgeMs = 100 } = this.#options;
    if (position > 0) await this.#turnComes(position * hedgeMs, failures, position, clock, signal);
    if (signal.aborted) throw new Error('another member answered');
    try {
      const agent = this.#agents[url.protocol === 'https:' ? 'https:' : 'http:'];
      return parsePatroniCluster(
        await restGet(new URL('/cluster', url), { agent, clock, timeoutMs, signal }),
      );
    } catch (error) {
      failures.push(describeError(certificateRefusal(error, url.host, 'PG_HA_PATRONI_CA_FILE') ?? error));
      throw error;
    }
  }

  /** Waits for the hedge, or until all who were asked before have failed. */
  async #turnComes(
    ms: number,
    failures: string[],
    position: number,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<void> {
    const until = clock.now() + ms;
    while (clock.now() < until && failures.length < position && !signal.aborted) {
      await sleep(clock, Math.min(10, until - clock.now()), { signal });
    }
  }

  /** Members' own REST addresses join those that were configured. */
  #learn(cluster: PatroniCluster): void {
    const known = new Map(this.#options.urls.map((url) => [url.origin, url]));
    for (const { apiUrl } of cluster.members) {
      if (
        apiUrl &&
        known.size < MAX_URLS &&
        this.#mayDial(unbracketed(apiUrl.hostname)) &&
        this.#options.urls.some((url) => url.protocol === apiUrl.protocol)
      ) {
        known.set(apiUrl.origin, known.get(apiUrl.origin) ?? apiUrl);
      }
    }
    this.#urls = [...known.values()];
  }
}

/** A URL writes IPv6 in brackets. */
function unbracketed(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
