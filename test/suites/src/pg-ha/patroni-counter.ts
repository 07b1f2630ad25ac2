import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands before one Patroni and counts what it is asked. Members' own REST addresses are left out, so that all asks pass here. */
export class PatroniCounter {
  asked = 0;
  readonly #server: Server;

  private constructor(upstream: URL) {
    this.#server = createServer((incoming, outgoing) => {
      this.asked += 1;
      const failed = (): void => void outgoing.writeHead(502).end();
      const forward = request(new URL(incoming.url ?? '/', upstream), (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks)
            .toString()
            .replaceAll(/"api_url": ?"[^"]*",?/g, '');
          outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' }).end(text);
        });
        answer.on('error', failed);
      });
      forward.on('error', failed);
      forward.end();
    });
  }

  static async before(upstream: string): Promise<PatroniCounter> {
    const counter = new PatroniCounter(new URL(upstream));
    await new Promise<void>((resolve) => counter.#server.listen(0, '127.0.0.1', resolve));
    return counter;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
