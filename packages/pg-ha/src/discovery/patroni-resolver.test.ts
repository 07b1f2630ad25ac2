import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '@steadfast/shared';
import { PatroniResolver } from './patroni-resolver.ts';

type Behaviour = { leader: string } | 'hang' | 'error' | 'oversized';

const servers: http.Server[] = [];
let resolver: PatroniResolver | undefined;
afterEach(() => {
  resolver?.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A REST API on loopback that behaves as told. */
async function patroni(behaviour: Behaviour, seen: string[] = []): Promise<URL> {
  const server = http.createServer((request, response) => {
    seen.push(request.url ?? '');
    if (behaviour === 'hang') return;
    if (behaviour === 'error') return void response.writeHead(503).end();
    if (behaviour === 'oversized') return void response.end('x'.repeat(2_000_000));
    const members = ['h1', 'h2'].map((host) => ({
      name: host,
      host,
      port: 5432,
      role: host === behaviour.leader ? 'leader' : 'replica',
    }));
    response.end(JSON.stringify({ members }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

async function leader(urls: URL[], hedgeMs = 20): Promise<string | undefined> {
  resolver = new PatroniResolver({ clock: systemClock, urls, tls: {}, hedgeMs });
  const observations = await resolver.resolve(1_000);
  const nomination = observations.find((observation) => observation.kind === 'nomination');
  return nomination?.endpoint.host;
}

describe('PatroniResolver', () => {
  it('asks GET /cluster and names the leader', async () => {
    const seen: string[] = [];
    expect(await leader([await patroni({ leader: 'h2' }, seen)])).toBe('h2');
    expect(seen).toEqual(['/cluster']);
  });

  it('is not held up by a member that hangs, fails or talks without end', async () => {
    for (const bad of ['hang', 'error', 'oversized'] as const) {
      expect(await leader([await patroni(bad), await patroni({ leader: 'h1' })])).toBe('h1');
    }
  });

  it('spares the others while one answers', async () => {
    const spared: string[] = [];
    await leader([await patroni({ leader: 'h1' }), await patroni({ leader: 'h1' }, spared)], 500);
    expect(spared).toEqual([]);
  });

  it('starts at the next member each time, so that one with a stale view cannot mislead for long', async () => {
    const [first, second]: [string[], string[]] = [[], []];
    const urls = [await patroni({ leader: 'h1' }, first), await patroni({ leader: 'h1' }, second)];
    resolver = new PatroniResolver({ clock: systemClock, urls, tls: {}, hedgeMs: 500 });
    for (let n = 0; n < 4; n++) await resolver.resolve(1_000);
    expect([first.length, second.length]).toEqual([2, 2]);
  });

  it('says what each member answered when none did well', async () => {
    await expect(leader([await patroni('error'), await patroni('oversized')])).rejects.toThrow(
      /no Patroni answered: .*HTTP 503.*1048576 bytes/,
    );
  });
});
