import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { monotonicMs } from '../monotonic.ts';
import type { LabDescription, ObserverEvent } from '../types.ts';
import { startObservers, type LabObservers } from './observers.ts';
import {
  PASSWORD,
  redisCommand,
  removeFolder,
  serverFolder,
  startRedis,
  type TestServer,
} from './test-servers.ts';

let folder: string;
const members: TestServer[] = [];
const sentinels: TestServer[] = [];
let description: LabDescription;
let observers: LabObservers;

beforeAll(async () => {
  folder = await serverFolder('redis');
  const auth = [`requirepass ${PASSWORD}`, `masterauth ${PASSWORD}`, 'save ""', 'repl-diskless-sync-delay 0'];
  const first = await startRedis(folder, 'r1', auth);
  members.push(first);
  for (const name of ['r2', 'r3']) {
    members.push(await startRedis(folder, name, [...auth, `replicaof 127.0.0.1 ${first.port}`]));
  }
  for (const name of ['s1', 's2', 's3']) {
    sentinels.push(
      await startRedis(folder, name, [
        `requirepass ${PASSWORD}`,
        `sentinel sentinel-pass ${PASSWORD}`,
        `sentinel monitor mymaster 127.0.0.1 ${first.port} 2`,
        `sentinel auth-pass mymaster ${PASSWORD}`,
        'sentinel down-after-milliseconds mymaster 1000',
        'sentinel failover-timeout mymaster 10000',
      ]),
    );
  }
  description = {
    id: 'test',
    dir: folder,
    logDir: folder,
    network: 'loopback',
    hosts: [],
    redis: {
      masterName: 'mymaster',
      username: 'default',
      password: PASSWORD,
      sentinelPassword: PASSWORD,
      members: members.map(({ name, host, port }) => ({ name, host, port })),
      sentinels: sentinels.map(({ name, host, port }) => ({ name, host, port })),
    },
  };
  await until(async () => {
    const reply = await redisCommand(at(sentinels, 0), ['SENTINEL', 'MASTER', 'mymaster']);
    const field = (name: string): unknown => Array.isArray(reply) && reply[reply.indexOf(name) + 1];
    return field('num-slaves') === '2' && field('num-other-sentinels') === '2';
  });
  observers = await startObservers(description);
});
afterAll(async () => {
  await observers?.stop();
  for (const server of [...sentinels, ...members]) await server.stop();
  await removeFolder(folder);
});

function at(servers: TestServer[], index: number): TestServer {
  const server = servers[index];
  if (!server) throw new Error(`there is no server ${index}`);
  return server;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('waited 30 s');
}

function named(event: ObserverEvent): string {
  return 'member' in event ? event.member : '';
}

describe('the observers of Redis', () => {
  it('see at the start who accepts writes and whom the sentinels name', async () => {
    const events = await observers.events();
    expect(events).toContainEqual({ kind: 'redis-writable', at: expect.any(Number), member: 'r1' });
    const names = events.find((each) => each.kind === 'sentinel-names');
    expect(names).toMatchObject({ member: 'r1', configEpoch: 0 });
    expect(names?.kind === 'sentinel-names' && names.votes).toBeGreaterThanOrEqual(2);
    expect(events.length).toBe(2);
  });

  it('cost little while nothing happens', async () => {
    const before = await observers.usage();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const after = await observers.usage();
    const share = (after.cpuMs - before.cpuMs) / (after.elapsedMs - before.elapsedMs);
    console.log(
      `observers of three Redis members and three sentinels use ${(share * 100).toFixed(1)} % of a core`,
    );
    expect(share).toBeLessThan(0.25);
  });

  it('call a master that has too few replicas to write not writable', async () => {
    const since = monotonicMs();
    await redisCommand(at(members, 0), ['CONFIG', 'SET', 'min-replicas-to-write', '3']);
    await observers.waitFor({ kind: 'redis-not-writable', since, member: 'r1' }, 1_000);
    const healed = monotonicMs();
    await redisCommand(at(members, 0), ['CONFIG', 'SET', 'min-replicas-to-write', '0']);
    const again = await observers.waitFor({ kind: 'redis-writable', since: healed, member: 'r1' }, 1_000);
    expect(again.at - healed).toBeLessThan(200);
    const noReplicas = expect.objectContaining({
      source: 'redis r1',
      message: expect.stringContaining('NOREPLICAS'),
    });
    expect(await observers.problems()).toContainEqual(noReplicas);
  });

  it('see a planned failover, the old master writable until it is told', async () => {
    const since = monotonicMs();
    expect(await redisCommand(at(sentinels, 0), ['SENTINEL', 'FAILOVER', 'mymaster'])).toBe('OK');
    const writable = await observers.waitFor({ kind: 'redis-writable', since, notMember: 'r1' }, 10_000);
    const names = await observers.waitFor({ kind: 'sentinel-names', since, notMember: 'r1' }, 10_000);
    const old = await observers.waitFor({ kind: 'redis-not-writable', since, member: 'r1' }, 15_000);
    expect(named(names)).toBe(named(writable));
    expect(names).toMatchObject({ configEpoch: 1 });
    const ms = (event: ObserverEvent): string => (event.at - since).toFixed(0);
    console.log(
      `planned failover, ms: writable ${ms(writable)}, named ${ms(names)}, old one not writable ${ms(old)}`,
    );
  });

  it('see the crash of a master and its successor', async () => {
    // The sentinels have to finish with the failover before: a new one is refused until then.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = (await observers.events()).filter((each) => each.kind === 'sentinel-names').at(-1);
    const master = members.find((each) => before !== undefined && each.name === named(before));
    if (!master) throw new Error('the sentinels name nobody');
    const since = monotonicMs();
    await master.stop();
    const gone = await observers.waitFor({ kind: 'redis-not-writable', since, member: master.name }, 1_000);
    expect(gone.at - since).toBeLessThan(150);
    const writable = await observers.waitFor(
      { kind: 'redis-writable', since, notMember: master.name },
      40_000,
    );
    const names = await observers.waitFor({ kind: 'sentinel-names', since, notMember: master.name }, 5_000);
    expect(named(names)).toBe(named(writable));
    expect(names.kind === 'sentinel-names' && names.configEpoch).toBeGreaterThan(1);
  });
});
