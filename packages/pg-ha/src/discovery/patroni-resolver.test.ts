import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { hostRules, systemClock } from '@steadfast/shared';
import { PatroniResolver } from './patroni-resolver.ts';

type Behaviour =
  { leader: string; role?: string } | { body: string } | 'hang' | 'error' | 'oversized' | 'drip';

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
    if (behaviour === 'drip') return drip(response);
    if ('body' in behaviour) return void response.end(behaviour.body);
    const members = ['h1', 'h2'].map((host) => ({
      name: host,
      host,
      port: 5432,
      role: host === behaviour.leader ? (behaviour.role ?? 'leader') : 'replica',
    }));
    response.end(JSON.stringify({ members }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** A byte now and then, for ever: no pause is long enough for a timeout of silence. */
function drip(response: http.ServerResponse): void {
  const timer = setInterval(() => response.write(' '), 10);
  response.on('close', () => clearInterval(timer));
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

  it('is not held up by one that drips an answer for ever', async () => {
    resolver = new PatroniResolver({ clock: systemClock, urls: [await patroni('drip')], tls: {} });
    await expect(resolver.resolve(200)).rejects.toThrow(/did not answer within 200 ms/);
  });

  const odd: [what: string, body: string, says: RegExp][] = [
    ['no JSON', '<html>', /did not answer with JSON but '<html>'/],
    ['JSON of another kind', '{"members":{}}', /without a list of members/],
    ['nothing', '', /did not answer with JSON/],
  ];
  for (const [what, body, says] of odd) {
    it(`refuses ${what}`, async () => {
      await expect(leader([await patroni({ body })])).rejects.toThrow(says);
    });
  }

  it('takes the leader of a standby cluster for none: it takes no writes', async () => {
    expect(await leader([await patroni({ leader: 'h1', role: 'standby_leader' })])).toBeUndefined();
  });

  it('passes one nomination on, where two members name themselves', async () => {
    const member = (host: string): object => ({ name: host, host, port: 5432, role: 'leader' });
    const body = JSON.stringify({ members: [member('h1'), member('h2')] });
    resolver = new PatroniResolver({ clock: systemClock, urls: [await patroni({ body })], tls: {} });
    const observations = await resolver.resolve(1_000);
    expect(observations.map(({ kind }) => kind)).toEqual(['listing', 'nomination']);
  });

  it('neither names nor asks hosts that are not allowed, and says so once for each', async () => {
    const members = ['db1', 'evil.example', '169.254.169.254'].map((host) => ({
      name: host,
      host,
      port: 5432,
      role: host === 'evil.example' ? 'leader' : 'replica',
      api_url: `http://${host}:8008/patroni`,
    }));
    const refused: string[] = [];
    const seen: string[] = [];
    const url = await patroni({ body: JSON.stringify({ members }) }, seen);
    const allowed = hostRules().read('db1,127.0.0.0/8');
    resolver = new PatroniResolver({
      clock: systemClock,
      urls: [url],
      tls: {},
      allowed,
      onRefused: (host) => refused.push(host),
    });
    for (let n = 0; n < 2; n++) {
      const observations = await resolver.resolve(1_000);
      expect(observations).toMatchObject([{ kind: 'listing', endpoints: [{ host: 'db1' }] }]);
    }
    expect(refused).toEqual(['evil.example', '169.254.169.254']);
  });
});
