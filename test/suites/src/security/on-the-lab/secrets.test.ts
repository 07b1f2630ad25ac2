import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { failOver } from '../../redis-ha/fail-over.ts';
import { InMemoryMetrics } from '../../support/in-memory-metrics.ts';
import { listeningLogger, shown } from '../../support/leaks.ts';
import { withLab } from '../../support/with-lab.ts';

const held = withLab({ haproxy: false, pgbouncer: false, managed: false, postgres: { restTls: true } });

/** With what cannot stand unescaped in URLs, JSON, shells and SQL. */
const PG_SECRET = `pg/Xq7r@%41 #"é'\\`;
const REDIS_SECRET = `rd/Wv5k@%41"é'\\`;

const CHANNELS = ['pg:query', 'pg:transaction', 'pg:dial', 'redis:once', 'redis:dial'].flatMap((name) =>
  ['start', 'asyncEnd', 'error'].map((step) => `tracing:steadfast:${name}:${step}`),
);
const PLAIN_CHANNELS = ['steadfast:pg:topology', 'steadfast:redis:topology', 'steadfast:redis:command'];

/** Every way in which a secret might be written. */
function writings(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    encodeURIComponent(secret),
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    secret.replaceAll("'", "\\'").replaceAll('\\\\', '\\'),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('hex'),
    // its middle has nothing that is ever escaped
    secret.slice(3, 7),
  ];
}

/** What a whole run has let be seen. */
class Seen {
  readonly #texts: string[] = [];
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  readonly add = (...what: unknown[]): void => void this.#texts.push(...what.map(shown));

  /** Waits for work, and keeps the error that it ends with. */
  async failure(work: Promise<unknown>): Promise<void> {
    this.add(
      await work.then(
        (value) => value,
        (error: unknown) => error,
      ),
    );
  }

  get text(): string {
    return this.#texts.join('\n');
  }

  get hits(): string[] {
    const { text } = this;
    return this.#secrets.flatMap(writings).filter((writing) => text.includes(writing));
  }
}

async function makeUsers(): Promise<{
  pg: Record<string, string>;
  redis: Record<string, string>;
  secrets: string[];
}> {
  const { postgres, redis } = held.lab.description;
  if (!postgres?.patroniTls || !redis)
    throw new Error('the lab has no PostgreSQL, no TLS for Patroni or no Redis');
  const pg = held.lab.env({ postgres: 'patroni' });
  const admin = new HaPool({ env: pg, user: postgres.superuser, password: postgres.superuserPassword });
  const quoted = PG_SECRET.replaceAll("'", "''");
  await admin.query(`CREATE ROLE secretive LOGIN PASSWORD '${quoted}'`);
  await admin.end();
  for (const { host, port } of redis.members) {
    const member = new Redis({
      host,
      port,
      username: redis.adminUsername ?? redis.username,
      password: redis.adminPassword ?? redis.password,
    });
    await member.call('ACL', 'SETUSER', 'secretive', 'on', `>${REDIS_SECRET}`, '~*', '&*', '+@all');
    member.disconnect();
  }
  const key = readFileSync(postgres.patroniTls.keyFile, 'utf8');
  const url = new URL(pg['DATABASE_URL'] ?? '');
  [url.username, url.password] = ['secretive', encodeURIComponent(PG_SECRET)];
  const sentinels = held.lab.env({ redis: 'sentinel' });
  return {
    pg: { ...pg, DATABASE_URL: url.href, PG_HA_PATRONI_KEY_FILE: key },
    redis: { ...sentinels, REDIS_URL: `redis://secretive:${encodeURIComponent(REDIS_SECRET)}@ignored/0` },
    secrets: [PG_SECRET, REDIS_SECRET, redis.sentinelPassword, key.split('\n')[1] ?? ''],
  };
}

async function usePostgres(env: Record<string, string>, seen: Seen): Promise<void> {
  const { logger, lines } = listeningLogger();
  const metrics = new InMemoryMetrics();
  const pool = new HaPool({
    env,
    logger,
    metrics: metrics.provider,
    callMetrics: true,
    failoverWaitMs: 60_000,
  });
  for (const event of ['error', 'primaryLost', 'primaryRecovered', 'failover', 'breaker'] as const)
    pool.on(event as 'failover', seen.add);
  await pool.query('SELECT 1');
  const client = await pool.connect();
  seen.add(pool, pool.options, client, pool.health());
  await seen.failure(client.query('SELEC 1'));
  await held.lab.fault('switchover');
  await seen.failure(client.query('SELECT 1'));
  client.release();
  await seen.failure(pool.query('CREATE TABLE refused ()'));
  await seen.failure(pool.transaction((one) => one.query('SELECT 1/0')));
  await seen.failure(pool.query({ text: 'SELECT pg_sleep(5)', deadlineMs: 20 }));
  const wrong = new HaPool({ env, password: `${PG_SECRET}x`, logger, failoverWaitMs: 500 });
  await seen.failure(wrong.query('SELECT 1'));
  seen.add(wrong, wrong.health(), pool.health(), [...(await metrics.read())]);
  await Promise.all([wrong.end(), pool.end(), metrics.stop()]);
  seen.add(lines());
}

async function useRedis(env: Record<string, string>, seen: Seen): Promise<void> {
  const { logger, lines } = listeningLogger();
  const redis = new HaRedis({ env, logger, failoverWaitMs: 60_000 });
  for (const event of [
    'error',
    'primaryLost',
    'primaryRecovered',
    'failover',
    'hold',
    'gap',
    'breaker',
  ] as const)
    redis.on(event as 'failover', seen.add);
  await redis.set('seen', '1');
  seen.add(redis, redis.options, redis.health());
  await failOver(held.lab, 'sentinel-failover');
  await redis.set('seen', '2');
  await seen.failure(redis.lpush('seen', 'x'));
  await seen.failure(redis.auth('secretive', `${REDIS_SECRET}x`));
  await seen.failure(
    redis.once(
      [
        ['incr', 'seen'],
        ['lpush', 'seen', 'x'],
      ],
      { token: 'seen' },
    ),
  );
  const wrong = new HaRedis({ env, password: `${REDIS_SECRET}x`, logger, failoverWaitMs: 500 });
  wrong.on('error', seen.add);
  await seen.failure(wrong.get('seen'));
  seen.add(wrong, redis.health(), redis.duplicate({ lazyConnect: true }).options);
  wrong.disconnect();
  redis.disconnect();
  seen.add(lines());
}

describe('the secrets of a whole run, through a switchover and a failover', () => {
  it('are in no log, error, event, channel, metric, JSON or inspect', async () => {
    const { pg, redis, secrets } = await makeUsers();
    const seen = new Seen(secrets);
    const hear = (message: unknown): void => seen.add(message);
    for (const name of [...CHANNELS, ...PLAIN_CHANNELS]) subscribe(name, hear);
    await usePostgres(pg, seen);
    await useRedis(redis, seen);
    for (const name of [...CHANNELS, ...PLAIN_CHANNELS]) unsubscribe(name, hear);
    // It has been looked at: each of these stands in one of the places.
    for (const sign of [
      'HA_AUTH',
      'WRONGPASS',
      'failover',
      'division by zero',
      'db.client',
      'OnceError',
      'secretive',
    ])
      expect(seen.text).toContain(sign);
    expect(seen.hits).toEqual([]);
  });

  it('would be found, wherever and however they were written', () => {
    const places: ((secret: string) => unknown)[] = [
      (secret) => new Error(`refused ${secret}`),
      (secret) => new Error('x', { cause: new Error(secret) }),
      (secret) => ({ url: `postgres://app:${encodeURIComponent(secret)}@h/x` }),
      (secret) => JSON.stringify({ options: JSON.stringify({ password: secret }) }),
      (secret) => Buffer.from(secret).toString('base64'),
      (secret) => Object.assign(new Error('x'), { command: { args: [secret] } }),
    ];
    for (const secret of [PG_SECRET, REDIS_SECRET])
      for (const place of places) {
        const seen = new Seen([secret]);
        seen.add(place(secret));
        expect(seen.hits).not.toEqual([]);
      }
  });
});
