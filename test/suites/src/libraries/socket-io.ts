import type { HaRedis } from '@steadfast/redis-ha';
import { createAdapter } from '@socket.io/redis-adapter';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { connect as connectClient, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import { startWriters } from '../support/writers.ts';
import { GRACE_MS, type Library } from './library.ts';

/** Two servers joined by Redis: what one emits reaches the clients of the other. */
export const withSocketIo: Library<HaRedis> = {
  name: '@socket.io/redis-adapter',
  async begin(connect) {
    const nodes = [await startNode(connect()), await startNode(connect())];
    const [here, there] = nodes as [Node, Node];
    const heard = new Set<string>();
    const client: Socket = connectClient(there.url, { transports: ['websocket'] });
    client.on('news', (id: string) => heard.add(id));
    await new Promise<void>((resolve) => void client.once('connect', resolve));

    /** Acknowledged when the client of the other server has it. What is published while Redis fails over is gone: at most once. */
    const emits = startWriters(async (id) => {
      here.io.emit('news', id);
      for (let tries = 0; !heard.has(id); tries++) {
        if (tries > 40) throw new Error(`${id} was not heard`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }, 50);
    return {
      worksAfter: (since) => emits.acknowledgedAfter(since, GRACE_MS),
      async expectRight(mayFail) {
        await emits.stop(GRACE_MS);
        // What was emitted before the subscribers were back is gone: one stretch, and all that came after it was heard.
        const lost = emits.writes
          .filter(({ outcome }) => outcome !== 'ok')
          .map(({ id }) => Number(id.slice(1)));
        const stretch = lost.length === 0 ? 0 : Math.max(...lost) - Math.min(...lost) + 1;
        expect(stretch - lost.length).toBeLessThanOrEqual(mayFail);
        expect(lost.length).toBeLessThan(emits.writes.length);
        expect(await here.io.fetchSockets()).toHaveLength(1); // asks the other server, which has the client
        client.disconnect();
        for (const node of nodes) await node.close();
      },
    };
  },
};

interface Node {
  readonly io: Server;
  readonly url: string;
  close(): Promise<void>;
}

async function startNode(redis: HaRedis): Promise<Node> {
  const http: HttpServer = createServer();
  const subscriber = redis.duplicate();
  const io = new Server(http, { adapter: createAdapter(atMostOnce(redis), subscriber) });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    io,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      await io.close();
      await Promise.all([redis.quit(), subscriber.quit()]);
    },
  };
}

/** The adapter leaves what publish() promises alone, and a rejection of it would end the process: pub/sub is at most once. */
function atMostOnce(redis: HaRedis): HaRedis {
  const publish = redis.publish.bind(redis) as (...args: unknown[]) => Promise<number>;
  redis.publish = ((...args: unknown[]) => publish(...args).catch(() => 0)) as HaRedis['publish'];
  return redis;
}
