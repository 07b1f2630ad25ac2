import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { HaRedis } from '../ha-redis.ts';
import { readSettings } from '../options/settings.ts';
import { ReplicaLink } from '../reader/replica-link.ts';

const SECRET = 'se:cret';
const OPTIONS = {
  ...{ host: '127.0.0.1', port: 1, env: {}, lazyConnect: true },
  ...{ password: SECRET, tls: { passphrase: SECRET } },
};

describe('what is printed, or made JSON of, shows no secret', () => {
  const redis = new HaRedis(OPTIONS);
  const { reader } = redis;
  const hooks = { unanswered: () => undefined, ready: () => undefined, ended: () => undefined };
  const link = new ReplicaLink({ host: '127.0.0.1', port: 1 }, readSettings(OPTIONS), hooks);
  link.cut('the test is over');

  it.each<[string, object]>([
    ['the client', redis],
    ['its reader', reader],
    ["a replica's connection", link],
  ])('%s, its options and its pipelines', (_, client) => {
    const { options } = client as HaRedis;
    const all = [client, options, (client as HaRedis).pipeline()];
    const shown = all.flatMap((one) => [inspect(one, { depth: 20 }), JSON.stringify(one)]);
    expect(shown.join('\n')).not.toContain(SECRET);
    expect(options).toMatchObject({ password: SECRET, tls: { passphrase: SECRET } });
    expect(shown[0]).toMatch(new RegExp(`^${client.constructor.name} {`));
  });
});
