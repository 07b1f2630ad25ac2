import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEchoServer, TestClient, type EchoServer } from './echo-server.ts';
import { startProxyProcess, type ProxyProcess } from './proxy-process.ts';

let echo: EchoServer;
let proxies: ProxyProcess;

beforeEach(async () => {
  echo = await startEchoServer();
  proxies = await startProxyProcess();
});
afterEach(async () => {
  await proxies.stop();
  await echo.close();
});

describe('a proxy process', () => {
  it('hosts several links, each with its own behaviour', async () => {
    const [fast, slow] = [
      await proxies.create({ target: echo.target }),
      await proxies.create({ target: echo.target }),
    ];
    await slow.set({ latencyMs: 60 });
    const tookMs: number[] = [];
    for (const link of [fast, slow]) {
      const client = new TestClient(link.endpoint);
      client.socket.write('x');
      tookMs.push(await client.until((each) => each.text === 'x'));
      expect(await link.stats()).toMatchObject({ accepted: 1, bytesUp: 1, bytesDown: 1 });
    }
    expect(tookMs[0]).toBeLessThan(120);
    expect(tookMs[1]).toBeGreaterThanOrEqual(120);
    await fast.close();
    await expect(fast.stats()).rejects.toThrow('is closed');
  });

  it('takes patterns as bytes and passes errors on', async () => {
    const link = await proxies.create({ target: echo.target });
    await link.cutAfter(Buffer.from([0, 255]));
    const client = new TestClient(link.endpoint);
    client.socket.write(Buffer.from([1, 0, 255]));
    await client.until((each) => each.ended === 'ECONNRESET');
    expect(echo.received()).toBe('\u0001\u0000\u00ff');
    await expect(link.set({ jitterMs: Number.NaN })).rejects.toThrow('jitterMs NaN');
  });

  it('ends with everything on it', async () => {
    const link = await proxies.create({ target: echo.target });
    const client = new TestClient(link.endpoint);
    client.socket.write('x');
    await client.until((each) => each.text === 'x');
    await proxies.stop();
    await client.until((each) => each.ended !== undefined);
    expect(() => process.kill(proxies.pid, 0)).toThrow('ESRCH');
    await expect(link.stats()).rejects.toThrow('has ended');
  });
});
