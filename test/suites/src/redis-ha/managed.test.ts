import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { monotonicMs, type FaultArgs, type FaultName } from '@steadfast/lab';
import { HaRedis, isHaError, type HaRedisOptions } from '@steadfast/redis-ha';
import { describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';
import { startWriters } from '../support/writers.ts';
import { untilSettled } from './fail-over.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: { flipDelayMs: 500 } });

/** A lookup that was under way when the name changed, and whose answer others of the process wait for, has ended by then, ms. */
const KNOWN_MS = 400;

/** The environment of an app on the lab's provider, with the CAs as text, as a container gets them. */
function managedEnv(): Record<string, string> {
  const { managed } = held.lab.description.redis ?? {};
  if (!managed) throw new Error('the lab has no managed stand-in');
  const ca = `${rootCertificates[0]}\n${readFileSync(managed.caFile, 'utf8')}`;
  const { REDIS_HA_CA_FILE: _, ...env } = held.lab.env({ redis: 'managed' });
  return { ...env, REDIS_HA_DNS_SERVERS: managed.dnsServer, REDIS_HA_CA: ca };
}

async function withClient<T>(options: HaRedisOptions, use: (redis: HaRedis) => Promise<T>): Promise<T> {
  const redis = new HaRedis(options);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

describe("a provider's endpoint", () => {
  it('is reached over verified TLS, with a bundle of several certificates given as text', async () => {
    await withClient({ env: managedEnv() }, async (redis) => expect(await redis.ping()).toBe('PONG'));
  });

  it('may be called by the scheme of Valkey', async () => {
    const env = managedEnv();
    env['REDIS_URL'] = (env['REDIS_URL'] ?? '').replace('rediss://', 'valkeys://');
    await withClient({ env }, async (redis) => expect(await redis.ping()).toBe('PONG'));
  });

  const refused: [what: string, options: HaRedisOptions, env: Record<string, string>, says: RegExp][] = [
    [
      'an unknown CA',
      {},
      { REDIS_HA_CA: rootCertificates[0] ?? '' },
      /cache\..*REDIS_HA_CA .*does not vouch/,
    ],
    ['another name', { tls: { servername: 'other.lab' } }, {}, /cache\..*made for another name/],
  ];
  it.each(refused)('is refused at once where its certificate is of %s', async (_what, options, env, says) => {
    const first = withClient({ ...options, env: { ...managedEnv(), ...env } }, (redis) => redis.get('x'));
    const error: unknown = await first.catch((thrown: unknown) => thrown);
    expect(isHaError(error, 'HA_CONFIG') && error.message).toMatch(says);
  });

  it('goes on where its name leads astray, and who comes then waits until it tells the truth', async () => {
    await withClient({ env: managedEnv() }, async (redis) => {
      const writers = startWriters((id) => redis.set(`astray:${id}`, id));
      await writers.acknowledgedAfter(0, 10_000);
      const flip = await held.lab.fault('dns-flip');
      try {
        await sleep(KNOWN_MS);
        const newcomer = withClient({ env: managedEnv() }, (other) => other.set('newcomer', '1'));
        const early = Symbol('not yet');
        expect(await Promise.race([newcomer, sleep(500, early)])).toBe(early);
        // Somebody tells the client that something is wrong: it looks around, and finds no reason to leave.
        await writers.acknowledgedAfter(monotonicMs(), 5_000);
        await flip.heal();
        expect(await newcomer).toBe('OK');
      } finally {
        await flip.heal();
      }
      await writers.stop(10_000);
      expect(new Set(writers.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
      // The name has moved twice: a new connection is made to where it leads.
      await expect.poll(() => redis.health().ready, { timeout: 5_000 }).toBe(true);
    });
  });

  const faults: [fault: FaultName, args: FaultArgs, stale: boolean, what: string][] = [
    ['redis-crash', { target: 'master' }, true, 'a crash, of which its name tells late'],
    ['sentinel-failover', {}, false, 'a planned failover whose old master goes on taking writes'],
  ];
  it.each(faults)('%s %o (name is late: %s): is followed through %s', async (fault, args, stale) => {
    const { lab } = held;
    await untilSettled(lab);
    const observers = await lab.observe();
    const { master = '' } = (await lab.status()).redis ?? {};
    const env = { ...managedEnv(), REDIS_HA_DNS_WATCH_MS: '200' };
    await withClient({ env, failoverWaitMs: 60_000 }, async (redis) => {
      const writers = startWriters((id) => redis.set(`${fault}:${id}`, id));
      const counted = startWriters(() => redis.incr(fault));
      await writers.acknowledgedAfter(0, 10_000);
      const late = stale ? await lab.fault('dns-stale') : undefined;
      const since = monotonicMs();
      await lab.fault(fault, args); // the host that crashes stays away: the others are enough for what follows
      const promoted = await observers.waitFor({ kind: 'redis-writable', since, notMember: master }, 30_000);
      await late?.heal();
      const member = 'member' in promoted ? promoted.member : '';
      const told = await observers.waitFor({ kind: 'dns-says', since, member }, 30_000);
      const movedAt = Math.max(promoted.at, told.at);
      const first = await writers.acknowledgedAfter(movedAt, 10_000);
      const ms = [movedAt - since, first.ended - movedAt].map(Math.round);
      console.log(
        `managed ${fault}: name led to the new master after ${ms[0]} ms, first write ${ms[1]} ms later`,
      );
      // A look at the name and a dial later nothing goes to the old master any more, writable or not.
      const followed = await writers.acknowledgedAfter(movedAt + 1_000, 10_000);
      await Promise.all([writers.stop(10_000), counted.stop(10_000)]);
      const after = writers.writes.filter(
        ({ started, outcome }) => outcome === 'ok' && started >= followed.started,
      );
      expect(await redis.mget(after.map(({ id }) => `${fault}:${id}`))).toEqual(after.map(({ id }) => id));
      expect(new Set(writers.writes.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
      const others = counted.writes.filter(({ outcome }) => outcome !== 'ok');
      expect(others.every(({ outcome }) => outcome === 'unknown')).toBe(true);
      expect(others.length).toBeLessThan(20);
      expect(redis.health().generation).toBeGreaterThan(1);
    });
    await observers.stop();
  });
});
