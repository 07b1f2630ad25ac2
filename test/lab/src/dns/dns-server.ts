import { once } from 'node:events';
import { isIPv4, type Socket } from 'node:net';
import { Packet, TCPServer, UDPServer, type DnsHandler } from 'dns2';
import { answerTo, questionOf } from './answer.ts';
import { canonical, Records } from './records.ts';

/** 'none': answers as it should; 'silent': hears and says nothing; 'servfail': answers SERVFAIL to everything. */
export type DnsFailure = 'none' | 'silent' | 'servfail';
const FAILURES: readonly DnsFailure[] = ['none', 'silent', 'servfail'];

export interface DnsOptions {
  /** Address to listen on. Default 127.0.0.1. */
  host?: string;
  /** UDP and TCP port. Default 0: a free one. */
  port?: number;
}

/** A DNS server for A records, over UDP and TCP, whose answers and faults change while it runs. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
  /** Gives a name its addresses. An empty list makes the name exist without an address. */
  set(hostname: string, ips: readonly string[], ttlS: number): void;
  /** Stale: while held, a name (or, without one, every name) keeps its old answer; `false` publishes the newest. */
  hold(held: boolean, hostname?: string): void;
  fail(mode: DnsFailure): void;
  /** Questions heard since start, answered or not; with a hostname, those about it. */
  queries(hostname?: string): number;
  close(): Promise<void>;
}

const MAX_NAMES_COUNTED = 1_000;
const PORT_ATTEMPTS = 5;

export async function startDns(options: DnsOptions = {}): Promise<DnsServer> {
  const host = options.host ?? '127.0.0.1';
  const wanted = options.port ?? 0;
  for (let attempt = 1; ; attempt++) {
    try {
      const server = new LabDnsServer(host);
      await server.listen(wanted);
      return server;
    } catch (cause) {
      // A free UDP port need not be a free TCP port: only then is another try worth while.
      if (wanted === 0 && attempt < PORT_ATTEMPTS) continue;
      throw new Error(`the DNS server cannot listen on ${host}:${wanted}: ${String(cause)}`, { cause });
    }
  }
}

class LabDnsServer implements DnsServer {
  readonly host: string;
  port = 0;
  readonly #udp = new UDPServer();
  readonly #tcp = new TCPServer();
  readonly #records = new Records();
  readonly #asked = new Map<string, number>();
  readonly #sockets = new Set<Socket>();
  #total = 0;
  #failure: DnsFailure = 'none';

  constructor(host: string) {
    this.host = host;
    const handler: DnsHandler = (request, send) => {
      this.#count(questionOf(request)?.name);
      if (this.#failure === 'silent') return;
      const rcode = this.#failure === 'servfail' ? Packet.RCODE.SERVFAIL : undefined;
      // A client that is gone before its answer is none of the server's business.
      Promise.resolve(send(answerTo(request, this.#records, rcode))).catch(() => undefined);
    };
    this.#udp.on('request', handler);
    this.#tcp.on('request', handler);
    // Bytes that are no DNS message get no answer.
    this.#udp.on('requestError', () => undefined);
    this.#tcp.on('requestError', () => undefined);
    this.#tcp.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async listen(port: number): Promise<void> {
    try {
      // once() rejects on 'error', which the library's own listen() promise does not.
      this.#udp.bind(port, this.host);
      await once(this.#udp, 'listening');
      this.port = this.#udp.address().port;
      this.#tcp.listen(this.port, this.host);
      await once(this.#tcp, 'listening');
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  set(hostname: string, ips: readonly string[], ttlS: number): void {
    for (const ip of ips)
      if (!isIPv4(ip)) throw new Error(`A record of ${hostname}: '${ip}' is not an IPv4 address`);
    if (!Number.isInteger(ttlS) || ttlS < 0)
      throw new Error(`ttlS of ${hostname}: ${ttlS} is not a whole number ≥ 0`);
    this.#records.set(hostname, { ips: [...ips], ttlS });
  }

  hold(held: boolean, hostname?: string): void {
    this.#records.hold(held, hostname);
  }

  fail(mode: DnsFailure): void {
    if (!FAILURES.includes(mode))
      throw new Error(`DNS failure '${mode}': allowed are ${FAILURES.join(', ')}`);
    this.#failure = mode;
  }

  queries(hostname?: string): number {
    return hostname === undefined ? this.#total : (this.#asked.get(canonical(hostname)) ?? 0);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed(this.#udp), closed(this.#tcp)]);
  }

  #count(hostname: string | undefined): void {
    this.#total++;
    if (hostname === undefined) return;
    const name = canonical(hostname);
    // Names are counted up to a limit, so that a client asking for made-up names cannot fill the memory.
    if (!this.#asked.has(name) && this.#asked.size >= MAX_NAMES_COUNTED) return;
    this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
  }
}

/** Closes a server; one that never listened counts as closed. */
function closed(server: { close(callback?: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    try {
      server.close(() => resolve());
    } catch {
      resolve();
    }
  });
}
