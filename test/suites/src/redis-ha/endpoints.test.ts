import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { freePort, startLoneRedis, type LoneRedis } from './lone-redis.ts';

const started: { stop(): Promise<void> }[] = [];
const clients: Redis[] = [];

async function lone(...settings: string[]): Promise<LoneRedis> {
  const server = await startLoneRedis(...settings);
  started.push(server);
  return server;
}

function client(options: HaRedisOptions): HaRedis {
  const redis = new HaRedis({ failoverWaitMs: 5_000, ...options, env: options.env ?? {} });
  clients.push(redis);
  return redis;
}

afterEach(async () => {
  for (const one of clients.splice(0)) one.disconnect();
  for (const one of started.splice(0)) await one.stop();
});

describe('a managed endpoint that forbids commands', () => {
  const user = (rights: string): string[] => [
    '--user',
    ...`default on nopass ~* &* +@all ${rights}`.split(' '),
  ];
  const rows: [what: string, settings: string[]][] = [
    ['nothing', []],
    ['ROLE by rights', user('-role')],
    ['ROLE, INFO and CLIENT by rights', user('-role -info -client')],
    ['ROLE by taking it away', ['--rename-command', 'ROLE', '']],
    ['what Aiven does', user('-acl -config -command -debug -monitor -cluster -failover -save -bgsave')],
  ];
  it.each(rows)('works where %s is forbidden', async (_what, settings) => {
    const { host, port } = await lone(...settings);
    const redis = client({ strategy: 'managed', host, port });
    expect(await redis.incr('n')).toBe(1);
    expect(redis.health()).toMatchObject({ ready: true });
  });

  it('is known for a replica by INFO where ROLE is forbidden, and not written to', async () => {
    const master = await lone();
    const replica = await lone('--replicaof', `${master.host} ${master.port}`, ...user('-role'));
    const { host, port } = replica;
    const redis = client({ strategy: 'managed', host, port, failoverWaitMs: 700 });
    await expect(redis.set('x', '1')).rejects.toMatchObject({
      outcome: 'notSent',
      message: expect.stringContaining('leads to a replica'),
    });
    // It is promoted behind the same name: nothing tells of it but being asked.
    const admin = new Redis({ host, port });
    clients.push(admin);
    const waiting = redis.set('x', '2');
    await admin.replicaof('NO', 'ONE');
    expect(await waiting).toBe('OK');
  });
});

describe('a managed endpoint whose server becomes a replica', () => {
  it('is left at the first READONLY, and what was refused waits for a master behind the same name', async () => {
    const { host, port } = await lone();
    const redis = client({ strategy: 'managed', host, port });
    const number = await redis.client('ID');
    const admin = new Redis({ host, port });
    clients.push(admin);
    await admin.replicaof('127.0.0.1', '1');
    const left = once(redis, 'close');
    const writes = [redis.set('x', '1'), redis.incr('n'), redis.rpush('l', 'a')];
    await left;
    await admin.replicaof('NO', 'ONE');
    expect(await Promise.all(writes)).toEqual(['OK', 1, 1]);
    expect(await redis.client('ID')).not.toBe(number);
  });
});

describe('a server that cuts off what is idle', () => {
  it('is pinged in time, on any connection, and keeps them all', async () => {
    const { host, port } = await lone('--timeout', '1');
    const pinged = client({ strategy: 'managed', host, port, idlePingMs: 400 });
    const subscriber = pinged.duplicate();
    const unpinged = client({ strategy: 'managed', host, port });
    clients.push(subscriber);
    const heard = once(subscriber, 'message');
    await subscriber.subscribe('news');
    const number = await pinged.client('ID');
    await unpinged.ping();
    // What is not pinged is cut off twice over: that is how long the others have been idle too.
    for (let n = 0; n < 2; n++) {
      await once(unpinged, 'close');
      await unpinged.ping();
    }
    expect(await pinged.client('ID')).toBe(number);
    await pinged.publish('news', 'still there');
    expect(await heard).toEqual(['news', 'still there']);
  });
});

describe('sentinels with TLS, an ACL of their own and host names', () => {
  let certificate: TestCertificate;
  beforeAll(async () => {
    certificate = await createTestCertificate();
  });
  afterAll(() => certificate.remove());

  /** A sentinel that speaks TLS alone, announces names, and lets nobody in but `watcher`. */
  async function sentinel(master: { host: string; port: number; password: string }): Promise<number> {
    const folder = await mkdtemp(path.join(tmpdir(), 'steadfast-sentinel-'));
    const file = path.join(folder, 'sentinel.conf');
    const port = await freePort();
    const { certFile, keyFile } = certificate;
    await writeFile(
      file,
      [
        'port 0',
        `tls-port ${port}`,
        'bind 127.0.0.1',
        `tls-cert-file ${certFile}`,
        `tls-key-file ${keyFile}`,
        `tls-ca-cert-file ${certFile}`,
        'tls-auth-clients no',
        'tls-replication yes',
        `dir ${folder}`,
        'sentinel resolve-hostnames yes',
        'sentinel announce-hostnames yes',
        `sentinel monitor mymaster ${master.host} ${master.port} 1`,
        `sentinel auth-pass mymaster ${master.password}`,
        'user default off',
        'user watcher on >watch-me allchannels +@all',
      ].join('\n'),
    );
    const process = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
    started.push({
      async stop() {
        const gone = once(process, 'exit');
        process.kill('SIGKILL');
        await gone;
        await rm(folder, { recursive: true, force: true });
      },
    });
    return port;
  }

  it('are asked as who they want to be asked by, and their names and addresses are dialled as they should be', async () => {
    const { certFile, keyFile } = certificate;
    const tlsPort = await freePort();
    const server = await lone(
      ...['--tls-port', String(tlsPort), '--tls-cert-file', certFile, '--tls-key-file', keyFile],
      ...['--tls-ca-cert-file', certFile, '--tls-auth-clients', 'no', '--requirepass', 'data-only'],
    );
    const sentinelPort = await sentinel({ host: 'localhost', port: tlsPort, password: 'data-only' });
    const env = {
      REDIS_SENTINELS: `localhost:${sentinelPort}`,
      REDIS_SENTINEL_USERNAME: 'watcher',
      REDIS_SENTINEL_PASSWORD: 'watch-me',
      REDIS_URL: 'rediss://:data-only@ignored/3',
      REDIS_HA_CA: certificate.cert,
    };
    const redis = client({ env });
    expect(await redis.set('where', 'database 3')).toBe('OK');
    expect(redis.primary).toEqual({ host: 'localhost', port: tlsPort });

    // From outside of a NAT the master stands elsewhere: here at its plain port.
    const asked: string[] = [];
    const outside = client({
      env: { ...env, REDIS_URL: 'redis://:data-only@ignored/3' },
      sentinelTLS: {},
      natMap: (key: string) => {
        asked.push(key);
        return key === `localhost:${tlsPort}` ? { host: server.host, port: server.port } : null;
      },
    });
    expect(await outside.get('where')).toBe('database 3');
    expect(outside.primary).toEqual({ host: server.host, port: server.port });
    expect(asked).toContain(`localhost:${tlsPort}`);

    const wrong = client({ env: { ...env, REDIS_SENTINEL_USERNAME: '' } });
    await expect(wrong.ping()).rejects.toMatchObject({ code: 'HA_AUTH' });
    const plain = client({ env, sentinelTLS: false, failoverWaitMs: 1_000 });
    await expect(plain.ping()).rejects.toMatchObject({ outcome: 'notSent' });
  });
});
