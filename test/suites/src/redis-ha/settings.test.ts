import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { HaRedis, isHaError, type HaRedisOptions } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { startLoneRedis } from './lone-redis.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: {} });

/** The error of a first command, and how long it took to come. */
async function firstError(
  env: Record<string, string>,
  options: HaRedisOptions = {},
): Promise<{ error: Error; tookMs: number }> {
  const redis = new HaRedis({ ...options, env });
  const began = performance.now();
  try {
    const answer = await redis.get('x').then(
      () => new Error('there was no error'),
      (thrown: Error) => thrown,
    );
    return { error: answer, tookMs: performance.now() - began };
  } finally {
    redis.disconnect();
  }
}

const wrong: { says: string; change: () => Record<string, string>; code: string; names: RegExp }[] = [
  {
    says: 'a wrong password of the data nodes',
    change: () => ({ REDIS_PASSWORD: 'wrong' }),
    code: 'HA_AUTH',
    names: /WRONGPASS.*REDIS_PASSWORD/,
  },
  {
    says: 'a wrong password of the sentinels',
    change: () => ({ REDIS_SENTINEL_PASSWORD: 'wrong' }),
    code: 'HA_AUTH',
    names: /WRONGPASS.*REDIS_SENTINEL_PASSWORD/,
  },
  {
    says: 'no password for the sentinels',
    change: () => ({ REDIS_SENTINEL_PASSWORD: '', REDIS_SENTINEL_USERNAME: '' }),
    code: 'HA_AUTH',
    names: /NOAUTH.*REDIS_SENTINEL_PASSWORD/,
  },
  {
    says: 'a name that no sentinel knows',
    change: () => ({ REDIS_SENTINEL_MASTER_NAME: 'nobody' }),
    code: 'HA_CONFIG',
    names: /REDIS_SENTINEL_MASTER_NAME is 'nobody'; allowed/,
  },
];

describe('a wrong setting', () => {
  it.each(wrong)('is told at once: $says', async ({ change, code, names }) => {
    const { error, tookMs } = await firstError({ ...held.lab.env({ redis: 'sentinel' }), ...change() });
    expect(isHaError(error) && error.code).toBe(code);
    expect(error.message).toMatch(names);
    expect(tookMs).toBeLessThan(1_000);
  });

  it('is told at once: a sentinel that is none', async () => {
    const server = await startLoneRedis();
    const { error, tookMs } = await firstError({ REDIS_SENTINELS: `127.0.0.1:${server.port}` });
    await server.stop();
    expect(error.message).toMatch(/REDIS_SENTINELS names 127\.0\.0\.1:\d+, which is no sentinel; allowed/);
    expect(isHaError(error, 'HA_CONFIG')).toBe(true);
    expect(tookMs).toBeLessThan(1_000);
  });

  it('is told at the deadline where it shows in nothing but silence: TLS to sentinels that speak none', async () => {
    const { error } = await firstError({
      ...held.lab.env({ redis: 'sentinel' }),
      REDIS_URL: 'rediss://x',
      REDIS_HA_FAILOVER_WAIT_MS: '1500',
    });
    expect(isHaError(error, 'HA_NO_PRIMARY')).toBe(true);
    expect(error.message).toMatch(/did not finish a TLS handshake/);
  });

  it('is told at once: a CA that did not sign the certificate, and the right one works', async () => {
    const { managed, username, password } = held.lab.description.redis ?? {};
    if (!managed) throw new Error('the lab has no TLS endpoint for Redis');
    const host = await address(managed);
    const url = `rediss://${username}:${password}@${host}:${managed.port}`;
    const tls = { servername: managed.hostname };
    const { error } = await firstError({ REDIS_URL: url }, { tls });
    expect(error.message).toMatch(/certificate.*was refused.*REDIS_HA_CA or REDIS_HA_CA_FILE \(option ca\)/);
    expect(isHaError(error, 'HA_CONFIG')).toBe(true);
    expect(await readFile(managed.caFile, 'utf8')).toContain('BEGIN CERTIFICATE');
    const redis = new HaRedis({ tls, env: { REDIS_URL: url, REDIS_HA_CA_FILE: managed.caFile } });
    expect(await redis.ping()).toBe('PONG');
    await redis.quit();
  });
});

/** What the lab's own DNS server answers. */
async function address({ hostname, dnsServer }: { hostname: string; dnsServer: string }): Promise<string> {
  const { Resolver } = await import('node:dns/promises');
  const resolver = new Resolver();
  resolver.setServers([dnsServer]);
  const [found] = await resolver.resolve4(hostname);
  if (!found) throw new Error(`${hostname} has no address`);
  return found;
}

describe('the end', () => {
  const run = promisify(execFile);
  const program = (body: string): string =>
    `import { HaRedis } from '@steadfast/redis-ha'; const redis = new HaRedis({ env: JSON.parse(process.env.SETTINGS) }); ${body}`;
  const ends: { says: string; body: string }[] = [
    { says: 'quit() after work', body: "await redis.set('x', '1'); await redis.quit();" },
    { says: 'quit() before anything was connected', body: 'await redis.quit();' },
    { says: 'disconnect() at once', body: 'redis.disconnect();' },
    {
      says: 'disconnect() with a duplicate',
      body: 'const two = redis.duplicate(); await two.ping(); await redis.quit(); two.disconnect();',
    },
    { says: 'quit() twice', body: 'await redis.ping(); await redis.quit(); await redis.quit();' },
  ];

  it.each(ends)('leaves nothing that keeps the process: $says', async ({ body }) => {
    const env = { ...process.env, SETTINGS: JSON.stringify(held.lab.env({ redis: 'sentinel' })) };
    const began = performance.now();
    await run(process.execPath, ['--input-type=module', '-e', program(body)], {
      env,
      cwd: import.meta.dirname,
      timeout: 10_000,
    });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('of a client without listeners that cannot connect is an exit of the process, not a crash', async () => {
    const body = "await redis.get('x').catch((error) => console.log(error.code, error.outcome));";
    const env = {
      ...process.env,
      SETTINGS: JSON.stringify({ REDIS_URL: 'redis://127.0.0.1:1', REDIS_HA_FAILOVER_WAIT_MS: '300' }),
    };
    const { stdout } = await run(
      process.execPath,
      ['--input-type=module', '-e', `${program(body)} redis.disconnect();`],
      {
        env,
        cwd: import.meta.dirname,
        timeout: 10_000,
      },
    );
    expect(stdout.trim()).toBe('HA_NO_PRIMARY notSent');
  });
});
