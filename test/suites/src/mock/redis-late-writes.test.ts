import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Address } from '@steadfast/mock';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, withScriptedRedis } from './with-scripted-redis.ts';

const { member, client, data } = withScriptedRedis();

interface Way {
  /** the client's own */
  readonly port: number | undefined;
  readonly upstream: Socket;
  /** from now on nothing arrives, in neither direction, and the kernels keep what is under way */
  hold(): void;
  /** what the kernels have kept arrives */
  heal(): void;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A route to a server, each connection of which can be held up, as a stalled load balancer or a route that is half open does. */
async function routeTo(target: Address): Promise<{ address: Address; ways: Way[] }> {
  const ways: Way[] = [];
  const server = createServer({ allowHalfOpen: true }, (down) => {
    const upstream = connect({ ...target, allowHalfOpen: true });
    let held = false;
    down.on('data', (bytes) => upstream.write(bytes));
    // An answer would have the kernel of whoever has gone refuse the rest.
    upstream.on('data', (bytes) => held || down.write(bytes));
    down.on('end', () => upstream.end());
    down.on('error', () => upstream.end());
    upstream.on('error', () => undefined);
    upstream.on('close', () => down.destroy());
    const hold = (): void => {
      held = true;
      down.pause();
    };
    ways.push({ port: down.remotePort, upstream, hold, heal: () => down.resume() });
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { address: { host: '127.0.0.1', port }, ways };
}

describe('a link that is held up, and that the program has made anew', () => {
  it('does not deliver what was sent again on the next one, after later writes', async () => {
    const { address, ways } = await routeTo(addressOf(await member()));
    const redis = client({ ...address, silenceMs: 60_000 });
    await redis.ping();
    const way = ways.find(({ port }) => port === (redis.stream as Socket).localPort) as Way;
    way.hold();
    // More than the other side takes in: the last one is still in this side's kernel.
    const filling = Array.from({ length: 30 }, (_, n) => redis.set(`filling ${n}`, 'x'.repeat(10_000)));
    const first = redis.set('x', 'old');
    await expect.poll(() => redis.stream.writableLength).toBe(0);
    redis.disconnect(true);
    await Promise.all([...filling, first]);
    await redis.set('x', 'new');
    way.heal();
    await once(way.upstream, 'close');
    expect(data.get('x')).toBe('new');
  });
});
