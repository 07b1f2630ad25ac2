import type { LabDescription } from '@steadfast/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { becomes, failure, need, ping, redis, sentinel } from './ask.ts';
import { withLab } from '../support/with-lab.ts';

const used = withLab({ postgres: false });
const description = (): LabDescription => used.lab.description;

async function master(): Promise<string> {
  return need((await used.lab.status()).redis?.master);
}

const member = (name: string): { host: string; port: number } =>
  need(need(description().redis).members.find((each) => each.name === name));
const sentinelOf = (name: string): { host: string; port: number } =>
  need(need(description().redis).sentinels.find((each) => each.name === name));

async function role(name: string): Promise<unknown> {
  const answer = await redis(description(), name, 'ROLE').catch(() => ['silent']);
  return (answer as unknown[])[0];
}

async function masterOther(than: string): Promise<string | undefined> {
  const others = ['h1', 'h2', 'h3'].filter((name) => name !== than);
  const roles = await Promise.all(others.map(role));
  return others.find((_, n) => roles[n] === 'master');
}

async function newMaster(than: string): Promise<string> {
  const other = (): Promise<string | undefined> => masterOther(than);
  return need(await becomes('a new master', other, (name) => name !== undefined, 15_000));
}

afterEach(async () => {
  for (const fault of used.lab.openFaults().toReversed()) await fault.heal();
  await used.lab.waitHealthy();
}, 120_000);

describe('Redis faults', () => {
  it('redis-crash leads to a failover, and healed the old master becomes a replica with its data', async () => {
    const old = await master();
    await redis(description(), old, 'SET', 'kept', 'yes');
    const fault = await used.lab.fault('redis-crash');
    expect(await role(old)).toBe('silent');
    expect(await ping(sentinelOf(old))).toBe('answers');
    await newMaster(old);
    await fault.heal();
    await used.lab.waitHealthy();
    expect(await role(old)).toBe('slave');
    expect(await redis(description(), old, 'GET', 'kept')).toBe('yes');
  });

  it('restart of the master loses nothing', async () => {
    const name = await master();
    await redis(description(), name, 'SET', 'restarted', 'kept');
    await used.lab.fault('restart', { target: 'master' });
    const read = (): Promise<unknown> =>
      redis(description(), name, 'GET', 'restarted').catch(() => undefined);
    const value = await becomes('the value', read, (answer) => answer !== undefined, 10_000);
    expect(value).toBe('kept');
  });

  it('redis-freeze lets connections in and never answers, and leads to a failover', async () => {
    const old = await master();
    const fault = await used.lab.fault('redis-freeze');
    expect(await ping(member(old))).toBe('silent');
    expect(await newMaster(old)).not.toBe(old);
    await fault.heal();
  });

  it('redis-partition cuts Redis and Sentinel of the host off from clients and from each other', async () => {
    const old = await master();
    const fault = await used.lab.fault('redis-partition');
    expect(await ping(member(old))).toBe('unreachable');
    expect(await ping(sentinelOf(old))).toBe('unreachable');
    expect(await newMaster(old)).not.toBe(old);
    await fault.heal();
  });

  it('redis-partition that keeps clients leaves them an old master beside the new one', async () => {
    const old = await master();
    const fault = await used.lab.fault('redis-partition', { clients: 'kept' });
    expect(await newMaster(old)).not.toBe(old);
    expect(await role(old)).toBe('master');
    expect(await ping(sentinelOf(old))).toBe('answers');
    await fault.heal();
    await becomes(
      'the old master turned',
      () => role(old),
      (answer) => answer === 'slave',
      30_000,
    );
  });

  it('sentinel-minority freezes one Sentinel, and the others still fail over', async () => {
    const fault = await used.lab.fault('sentinel-minority');
    expect(fault.target).toBe('h1');
    expect(await ping(sentinelOf('h1'))).toBe('silent');
    expect(
      await sentinel(description(), 'h2', 'SENTINEL', 'CKQUORUM', need(description().redis).masterName),
    ).toContain('OK');
    await fault.heal();
    expect(await ping(sentinelOf('h1'))).toBe('answers');
  });

  it('sentinel-majority-loss leaves one Sentinel, which can fail nothing over', async () => {
    const fault = await used.lab.fault('sentinel-majority-loss');
    const quorum = (): Promise<string> =>
      failure(sentinel(description(), 'h1', 'SENTINEL', 'CKQUORUM', need(description().redis).masterName));
    await becomes('no quorum', quorum, (answer) => answer.startsWith('NOQUORUM'), 15_000);
    expect(await ping(sentinelOf('h2'))).toBe('ECONNREFUSED');
    await fault.heal();
  });

  it('sentinel-failover makes a replica the master and turns the old one', async () => {
    const old = await master();
    await used.lab.fault('sentinel-failover');
    const next = await newMaster(old);
    const turned = (): Promise<unknown> => role(old);
    await becomes('the old master turned', turned, (answer) => answer === 'slave', 30_000);
    expect(await master()).toBe(next);
  });

  it('other-group fails a second group over, and leaves nothing of it behind', async () => {
    const own = await master();
    const fault = await used.lab.fault('other-group');
    const address = (): Promise<unknown> =>
      sentinel(description(), 'h3', 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', need(fault.target));
    expect(await address()).toEqual([member('h2').host, expect.any(String)]);
    expect(await master()).toBe(own);
    await fault.heal();
    expect(await address()).toBeNull();
    expect(await master()).toBe(own);
  });

  it('refuses PostgreSQL faults by name in a lab without it', async () => {
    await expect(used.lab.fault('switchover')).rejects.toThrow(
      "fault 'switchover' cannot be made here: it needs postgres, which this lab was started without",
    );
    await expect(used.lab.fault('nosuch' as 'crash')).rejects.toThrow(
      "fault 'nosuch': allowed are crash, kill-postgres",
    );
    await expect(used.lab.fault('redis-crash', { target: 'h9' })).rejects.toThrow(
      "target 'h9': allowed are h1, h2, h3",
    );
    await expect(used.lab.fault('redis-crash', { who: 'h1' })).rejects.toThrow(
      "argument 'who': allowed are target",
    );
  });
});
