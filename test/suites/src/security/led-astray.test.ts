import { HaRedis } from '@steadfast/redis-ha';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { ScriptedSentinel } from '@steadfast/mock';
import { listeningLogger } from '../support/leaks.ts';
import { createTestCertificate, type TestCertificate } from '../support/test-certificate.ts';
import { standInTheMiddle, type Middle } from './middle.ts';

const SECRET = 'pa55-Xq7r';

let certificate: TestCertificate;
let trap: Middle;
let sentinel: ScriptedSentinel;
beforeAll(async () => (certificate = await createTestCertificate()));
afterEach(() => Promise.all([trap.close(), sentinel.stop()]));
afterAll(() => certificate.remove());

async function subscribed(): Promise<void> {
  for (let tries = 0; tries < 500 && sentinel.subscribers === 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Sentinels that have been taken over lead to a server that would like to hear passwords. */
async function follow(allowed: string, publish: boolean): Promise<{ error: unknown; log: string }> {
  trap = await standInTheMiddle('plain', certificate);
  const astray = { host: '127.0.0.1', port: trap.port };
  const nowhere = { host: 'db1.internal', port: 1 };
  sentinel = await ScriptedSentinel.start('f00d', {
    master: publish ? nowhere : astray,
    epoch: 1,
    replicas: [astray],
  });
  const { logger, lines } = listeningLogger();
  const env = {
    REDIS_SENTINELS: `localhost:${sentinel.port}`,
    REDIS_PASSWORD: SECRET,
    REDIS_HA_ALLOWED_HOSTS: allowed,
    REDIS_HA_FOLLOW: 'promoted',
  };
  const redis = new HaRedis({ env, failoverWaitMs: 600, dialTimeoutMs: 100, logger });
  redis.on('error', () => undefined);
  const error: Promise<unknown> = redis.get('x').catch((thrown: unknown) => thrown);
  if (publish) {
    await subscribed();
    sentinel.announce(2, astray);
    sentinel.publish('+switch-master', `mymaster ${nowhere.host} 1 ${astray.host} ${astray.port}`);
  }
  const result = { error: await error, log: lines() };
  redis.disconnect();
  return result;
}

describe('a sentinel that names a host outside of allowedHosts', () => {
  it.each([
    ['as the master', false],
    ['as a replica, and in what it publishes', true],
  ])('%s leads nobody there, and it is said once', async (_how, publish) => {
    const { error, log } = await follow('10.0.0.0/8,.internal', publish);
    expect(error).toMatchObject({ code: 'HA_NO_PRIMARY', outcome: 'notSent' });
    expect(trap.visitors).toBe(0);
    expect(log.split('it is never dialled').length - 1).toBe(1);
  });

  it.each([
    ['as the master', false],
    ['as a replica, and in what it publishes', true],
  ])('%s would lead there, and be told the password, were it allowed', async (_how, publish) => {
    const { log } = await follow('127.0.0.0/8,.internal', publish);
    expect(trap.overheard).toContain(SECRET);
    expect(log).not.toContain('it is never dialled');
  });
});
