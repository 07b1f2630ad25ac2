import { createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '@steadfast/lab';

/**
 * How a Patroni's REST API behaves.
 * - `passes`: as it is, but that members' own REST addresses are the proxies'
 * - `slow`: each answer comes 3 s late
 * - `fails`: 503 to everything
 * - `wrong`: in turn HTML, JSON that is cut off, members that are no members
 * - `oversized`: 8 MB of members
 * - `stale`: what it last said before, whatever happens
 * - `vain`: each one names its own member as the leader
 */
export type RestBehaviour = 'passes' | 'slow' | 'fails' | 'wrong' | 'oversized' | 'stale' | 'vain';

const SLOW_MS = 3_000;
const OVERSIZED_BYTES = 8 << 20;
const WRONG = [
  '<html><body>It works!</body></html>',
  '{"members": [{"name": "h1", "role": "lea',
  '{"members": {"h1": "leader"}, "scope": 7}',
  '{"members": [{"name": 1, "host": {}, "port": "x", "role": "leader"}, null, []]}',
];

interface Answer {
  status: number;
  text: string;
}

interface Member {
  name: string;
  role: string;
  api_url?: string;
}

/** Stands before the REST API of one Patroni, for what a real one cannot be made to say. */
export class RestProxy {
  behaviour: RestBehaviour = 'passes';
  readonly #member: string;
  readonly #upstream: string;
  readonly #server: Server;
  /** what the members' own addresses are replaced by */
  #addresses: ReadonlyMap<string, string> = new Map();
  #turn = 0;
  readonly #last = new Map<string, Answer>();

  /** One before each Patroni of a lab. */
  static async openAll(lab: Lab): Promise<RestProxy[]> {
    const members = lab.description.postgres?.members ?? [];
    const proxies = members.map(({ name, patroniUrl }) => new RestProxy(name, patroniUrl));
    await Promise.all(proxies.map((each) => each.#listen()));
    const addresses = new Map(proxies.map((each) => [each.#member, each.url]));
    for (const each of proxies) each.#addresses = addresses;
    return proxies;
  }

  private constructor(member: string, upstream: string) {
    this.#member = member;
    this.#upstream = upstream;
    this.#server = createServer((incoming, outgoing) => {
      outgoing.on('error', () => undefined);
      void this.#respond(incoming.url ?? '/', outgoing).catch(() => outgoing.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  async #respond(path: string, outgoing: ServerResponse): Promise<void> {
    const { status, text } = await this.#answer(path);
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(text);
  }

  async #answer(path: string): Promise<Answer> {
    switch (this.behaviour) {
      case 'fails':
        return { status: 503, text: '' };
      case 'wrong':
        return { status: 200, text: WRONG[this.#turn++ % WRONG.length] ?? '' };
      case 'oversized':
        return { status: 200, text: `{"members": [${'{},'.repeat(OVERSIZED_BYTES / 3)}{}]}` };
      case 'stale':
        return this.#last.get(path) ?? { status: 503, text: '' };
      case 'slow':
        await sleep(SLOW_MS);
        break;
      default:
    }
    const answer = await this.#forward(path);
    this.#last.set(path, answer);
    return answer;
  }

  async #forward(path: string): Promise<Answer> {
    const { status, text } = await get(new URL(path, this.#upstream));
    if (!text.includes('"members"')) return { status, text };
    const cluster = JSON.parse(text) as { members: Member[] };
    for (const member of cluster.members) {
      const address = this.#addresses.get(member.name);
      if (address) member.api_url = `${address}/patroni`;
      if (this.behaviour === 'vain') member.role = member.name === this.#member ? 'leader' : 'replica';
    }
    return { status, text: JSON.stringify(cluster) };
  }
}

function get(url: URL): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 502, text }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
