import { randomInt } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { monotonicMs } from '../monotonic.ts';
import { startEchoServer, pause, TestClient, type EchoServer } from './echo-server.ts';
import { createProxyServer, type ProxyServer } from './proxy-server.ts';

const seed = randomInt(2 ** 31);
let echo: EchoServer;
let proxy: ProxyServer;

beforeEach(async () => {
  echo = await startEchoServer();
  proxy = await createProxyServer({ target: echo.target, seed });
});
afterEach(async () => {
  await proxy.close();
  await echo.close();
});

async function connected(): Promise<TestClient> {
  const client = new TestClient(proxy.endpoint);
  client.socket.write('hi');
  await client.until((each) => each.text === 'hi');
  client.text = '';
  return client;
}

describe(`a link (seed ${seed})`, () => {
  it('carries bytes both ways and counts them', async () => {
    const client = await connected();
    expect(await proxy.stats()).toEqual({ connections: 1, accepted: 1, bytesUp: 2, bytesDown: 2, cuts: 0 });
    client.socket.end();
    await client.until((each) => each.ended === 'FIN');
    await expect.poll(async () => (await proxy.stats()).connections).toBe(0);
  });

  it('passes a reset of the target on as a reset', async () => {
    const client = await connected();
    echo.sockets[0]?.resetAndDestroy();
    await client.until((each) => each.ended !== undefined);
    expect(client.ended).toBe('ECONNRESET');
  });

  it('resets a client whose target cannot be reached', async () => {
    await echo.close();
    const client = new TestClient(proxy.endpoint);
    await client.until((each) => each.ended !== undefined);
    expect(client.ended).toBe('ECONNRESET');
    echo = await startEchoServer();
  });

  it('delays each way by the latency, also on connections already open', async () => {
    const client = await connected();
    await proxy.set({ latencyMs: 50 });
    client.socket.write('x');
    const tookMs = await client.until((each) => each.text === 'x');
    expect(tookMs).toBeGreaterThanOrEqual(100);
    expect(tookMs).toBeLessThan(250);
  });

  it('keeps the order under jitter', async () => {
    const client = await connected();
    await proxy.set({ jitterMs: 30 });
    const words = Array.from({ length: 50 }, (_, n) => `${n};`);
    for (const word of words) {
      client.socket.write(word);
      await pause(1);
    }
    await client.until((each) => each.text.length >= words.join('').length);
    expect(client.text).toBe(words.join(''));
  });

  it('draws the same jitter from the same seed', async () => {
    const { seededRandom } = await import('./seeded-random.ts');
    const draw = (from: number): number[] => Array.from({ length: 5 }, seededRandom(from));
    expect(draw(seed)).toEqual(draw(seed));
    expect(draw(seed)).not.toEqual(draw(seed + 1));
  });

  it('accepts bytes while it is stalled and delivers them afterwards', async () => {
    const client = await connected();
    await proxy.set({ stall: 'up' });
    client.socket.write('later');
    await pause(50);
    expect(echo.received()).toBe('hi');
    await proxy.set({ stall: 'down' });
    await pause(50);
    expect(echo.received()).toBe('hilater');
    expect(client.text).toBe('');
    await proxy.set({ stall: 'none' });
    await client.until((each) => each.text === 'later');
    expect(client.ended).toBeUndefined();
  });

  it('holds no more than its bound while stalled, and loses nothing', async () => {
    const client = await connected();
    await proxy.set({ stall: 'up' });
    const sent = Buffer.alloc(32 << 20, 'x');
    client.socket.write(sent);
    await pause(200);
    const before = process.memoryUsage().arrayBuffers;
    await pause(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20);
    expect(client.socket.writableLength).toBeGreaterThan(16 << 20);
    await proxy.set({ stall: 'none' });
    await client.until((each) => each.text.length === sent.length, 10_000);
  });

  it('closes its port when told to refuse, keeps open connections, and opens the same port again', async () => {
    const open = await connected();
    await proxy.set({ refuse: true });
    const refused = new TestClient(proxy.endpoint);
    await refused.until((each) => each.ended !== undefined);
    expect(refused.ended).toBe('ECONNREFUSED');
    open.socket.write('still');
    await open.until((each) => each.text === 'still');
    await proxy.set({ refuse: false });
    await connected();
  });

  it('leads new connections to a new target and leaves the open ones', async () => {
    const open = await connected();
    const other = await startEchoServer('other:');
    await proxy.set({ target: other.target });
    const moved = new TestClient(proxy.endpoint);
    await moved.until((each) => each.text === 'other:');
    open.socket.write('old');
    await open.until((each) => each.text === 'old');
    expect([echo.sockets.length, other.sockets.length]).toEqual([1, 1]);
    await other.close();
  });

  it('resets every open connection', async () => {
    const clients = [await connected(), await connected()];
    await proxy.reset();
    for (const client of clients) await client.until((each) => each.ended !== undefined);
    expect(clients.map((each) => each.ended)).toEqual(['ECONNRESET', 'ECONNRESET']);
    await connected();
  });

  it('forwards exactly so many bytes more, then cuts, once', async () => {
    const client = await connected();
    await proxy.set({ truncateAfterBytes: { down: 5 } });
    client.socket.write('hello world');
    await client.until((each) => each.ended !== undefined);
    expect(client.text).toBe('hello');
    expect(client.ended).toBe('FIN');
    expect((await proxy.stats()).cuts).toBe(1);
    await connected();
    await proxy.set({ truncateAfterBytes: { up: 4 } });
    const second = await connected();
    second.socket.write('world');
    await second.until((each) => each.ended !== undefined);
    expect(echo.received().endsWith('hiwo')).toBe(true);
  });
});

describe('a half-open link', () => {
  it('is silent for open and new connections and tells nobody', async () => {
    const open = await connected();
    await proxy.set({ halfOpen: true });
    const fresh = new TestClient(proxy.endpoint);
    for (const client of [open, fresh]) client.socket.write('anyone?');
    echo.sockets[0]?.end('bye');
    await pause(100);
    expect([open.text, open.ended, fresh.text, fresh.ended]).toEqual(['', undefined, '', undefined]);
    expect(fresh.socket.pending).toBe(false);
    expect(echo.received()).toBe('hi');
    expect(echo.sockets.length).toBe(1);
  });

  it('answers the next byte by a reset once it is healed, and carries new connections', async () => {
    const open = await connected();
    await proxy.set({ halfOpen: true });
    await proxy.set({ halfOpen: false });
    await pause(50);
    expect(open.ended).toBeUndefined();
    open.socket.write('anyone?');
    await open.until((each) => each.ended === 'ECONNRESET');
    await connected();
  });
});

describe('cutAfter', () => {
  it('forwards the pattern, drops the answer and cuts, also when chunks split the pattern', async () => {
    await proxy.cutAfter('COMMIT');
    const client = await connected();
    client.socket.write('begin COM');
    await client.until((each) => each.text === 'begin COM');
    client.socket.write('MIT;');
    await client.until((each) => each.ended !== undefined);
    expect(client.ended).toBe('ECONNRESET');
    expect(client.text).toBe('begin COM');
    expect(echo.received()).toBe('hibegin COMMIT;');
    const next = await connected();
    next.socket.write('COMMIT');
    await next.until((each) => each.text === 'COMMIT');
  });

  it('cuts as often as told, after as many matches as told', async () => {
    await proxy.cutAfter(Buffer.from('x'), { count: 2, skip: 1 });
    const outcomes: (string | undefined)[] = [];
    for (let n = 0; n < 4; n++) {
      const client = await connected();
      client.socket.write('x');
      await client.until((each) => each.ended !== undefined || each.text === 'x');
      outcomes.push(client.ended);
      client.socket.destroy();
    }
    expect(outcomes).toEqual([undefined, 'ECONNRESET', 'ECONNRESET', undefined]);
    expect((await proxy.stats()).cuts).toBe(2);
  });

  it('can cut without waiting for the answer: the target still gets every byte', async () => {
    await proxy.cutAfter('x', { dropAnswer: false });
    const client = await connected();
    const from = monotonicMs();
    client.socket.write('last x!');
    await client.until((each) => each.ended === 'ECONNRESET');
    expect(monotonicMs() - from).toBeLessThan(1_000);
    await pause(50);
    expect(echo.received()).toBe('hilast x!');
  });

  it('can keep the bytes back: the work is never done', async () => {
    await proxy.cutAfter('x', { forward: false });
    const client = await connected();
    client.socket.write('x');
    await client.until((each) => each.ended === 'ECONNRESET');
    await pause(50);
    expect(echo.received()).toBe('hi');
  });

  it('can be disarmed', async () => {
    await proxy.cutAfter('x');
    await proxy.clearCuts();
    const client = await connected();
    client.socket.write('x');
    await client.until((each) => each.text === 'x');
    expect((await proxy.stats()).cuts).toBe(0);
  });
});

describe('wrong input', () => {
  it('is refused by name and changes nothing', async () => {
    await expect(proxy.set({ latencyMs: -1 })).rejects.toThrow('latencyMs -1: allowed is 0 to 60000');
    await expect(proxy.set({ stall: 'left' as 'up' })).rejects.toThrow(
      "stall 'left': allowed are none, up, down, both",
    );
    await expect(proxy.set({ target: { host: '127.0.0.1', port: 0 } })).rejects.toThrow(
      "target '127.0.0.1:0'",
    );
    await expect(proxy.set({ speed: 1 } as object)).rejects.toThrow(
      "behaviour 'speed': allowed are latencyMs",
    );
    await expect(proxy.cutAfter('')).rejects.toThrow('pattern of 0 bytes');
    await expect(proxy.cutAfter('x', { count: 0 })).rejects.toThrow('count 0');
    await connected();
  });

  it('includes a port that is taken', async () => {
    const { host, port } = proxy.endpoint;
    const second = createProxyServer({ target: echo.target, host, port });
    await expect(second).rejects.toThrow(`cannot listen on ${host}:${port}`);
  });
});
