import http from 'node:http';
import https from 'node:https';
import { within, type Clock } from '@steadfast/shared';

export interface RestGetOptions {
  agent: http.Agent;
  clock: Clock;
  timeoutMs: number;
  signal: AbortSignal;
}

/** A REST answer larger than this is not one of Patroni's. */
const MAX_BODY_BYTES = 1_048_576;

/** GETs a small text: bounded in time and size, no redirects. Rejects on any status but 200. */
export function restGet(url: URL, { agent, clock, timeoutMs, signal }: RestGetOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const where = url.origin + url.pathname; // without user and password
  const client = url.protocol === 'https:' ? https : http;
  const request = client.get(url, { agent, signal, headers: { accept: 'application/json' } }, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES)
        request.destroy(new Error(`${where} answered more than ${MAX_BODY_BYTES} bytes`));
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () => {
      if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new Error(`${where} answered HTTP ${response.statusCode}`));
    });
  });
  request.on('error', reject);
  return within(clock, timeoutMs, promise, () => {
    const late = new Error(`${where} did not answer within ${timeoutMs} ms`);
    request.destroy(late);
    return late;
  });
}
