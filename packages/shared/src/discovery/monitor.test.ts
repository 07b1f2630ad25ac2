import { afterEach, describe, expect, it, vi } from 'vitest';
import type { HaError } from '../errors/ha-error.ts';
import { Deadline } from '../runtime/deadline.ts';
import { primaryOf } from '../topology/topology.ts';
import type { TopologyChange } from './monitor-options.ts';
import { A, B, Cluster, open } from './scripted-cluster.test.support.ts';

let cluster: Cluster;
afterEach(async () => {
  vi.restoreAllMocks();
  await cluster.loop.close();
});

async function following(): Promise<void> {
  cluster = new Cluster({ role: 'primary', epoch: 1 }, { role: 'replica' });
  const found = cluster.wait(100);
  await cluster.clock.advance(1);
  expect(await found).toBe('a');
}

describe('Monitor', () => {
  it('opens nothing until somebody asks', async () => {
    cluster = new Cluster('refused', 'refused');
    await cluster.clock.advance(60_000);
    expect(cluster.asked).toEqual([]);
  });

  it('finds the primary in the first round', async () => {
    await following();
    expect(cluster.monitor.state).toBe('steady');
    const found = cluster.changes.filter(({ next }) => next.leadership.at === 'following');
    expect(found[0]?.previous.leadership.at).toBe('searching');
  });

  it('tells the prober to let its connections go whenever no search is on', async () => {
    await following();
    const rests = cluster.rests;
    expect(rests).toBeGreaterThan(0);
    await cluster.clock.advance(20_000);
    expect(cluster.rests).toBeGreaterThan(rests);
    expect(cluster.monitor.state).toBe('steady');
  });

  it('asks only the primary, and rarely, while all is well', async () => {
    await following();
    cluster.asked.length = 0;
    await cluster.clock.advance(60_000);
    expect(new Set(cluster.asked)).toEqual(new Set(['a']));
    expect(cluster.asked.length).toBeLessThan(20);
  });

  it('spares a control plane in a search that wants to be spared, and asks the members no less', async () => {
    cluster = new Cluster('silent', 'refused');
    cluster.planeEveryMs = 250;
    const found = cluster.wait(10_000).catch(() => 'none');
    await cluster.clock.advance(9_000);
    expect(cluster.planeAsked).toBeGreaterThan(20);
    expect(cluster.planeAsked).toBeLessThanOrEqual(37);
    expect(cluster.asked.filter((host) => host === 'b').length).toBeGreaterThan(250);
    await cluster.clock.advance(2_000);
    await found;
  });

  it('sees a standby stop being one within one search pause, whatever the control plane says', async () => {
    await following();
    cluster.set(A, 'silent');
    cluster.monitor.suspect('silence');
    await cluster.clock.advance(1_100);
    expect(cluster.monitor.state).toBe('searching');
    const found = cluster.wait(60_000);
    await cluster.clock.advance(20_000);
    cluster.set(B, { role: 'primary', epoch: 2 });
    const promotedAt = cluster.clock.now();
    await cluster.clock.advance(320);
    expect(await found).toBe('b');
    expect(cluster.monitor.topology.generation).toBe(2);
    expect((primaryOf(cluster.monitor.topology)?.observedAt ?? 0) - promotedAt).toBeLessThanOrEqual(313);
  });

  it('asks a member that was silent at once when another one is back', async () => {
    const cluster = new Cluster('silent', 'silent', 'self', false);
    void cluster.monitor.whenPrimary(Deadline.after(cluster.clock, 10_000)).catch(() => undefined);
    await cluster.clock.advance(1_600);
    cluster.set(B, { role: 'replica' });
    const isBack = (): boolean => cluster.loop.topology.members.get('b:1')?.role === 'replica';
    let before = 0;
    while (!isBack()) {
      before = cluster.asked.length;
      await cluster.clock.advance(1);
    }
    expect(cluster.asked.slice(before)).toEqual(['b', 'a']);
    await cluster.loop.close();
  });

  it('hears of a new primary also when the news comes while the control plane is answering an older question', async () => {
    cluster = new Cluster({ role: 'primary' }, { role: 'replica' }, 'nominated');
    Object.assign(cluster, { nominee: A, nomineeEpoch: 1 });
    const found = cluster.wait(1_000);
    await cluster.clock.advance(50);
    expect(await found).toBe('a');
    cluster.controlPlaneMs = 20;
    cluster.monitor.suspect('a closed socket');
    await cluster.clock.advance(5);
    // The old primary still says that it is one, and what is being answered is from before.
    Object.assign(cluster, { nominee: B, nomineeEpoch: 2 });
    cluster.set(B, { role: 'primary' });
    cluster.monitor.suspect('the switch is published');
    await cluster.clock.advance(200);
    expect(primaryOf(cluster.monitor.topology)?.endpoint).toEqual(B);
  });

  it('looks at a newly named member at once, between rounds', async () => {
    await following();
    cluster.set(A, 'refused');
    cluster.monitor.suspect('closed');
    await cluster.clock.advance(10_000);
    cluster.set(B, { role: 'primary', epoch: 2 });
    cluster.nominee = B;
    await cluster.clock.advance(320);
    expect(primaryOf(cluster.monitor.topology)?.endpoint).toEqual(B);
  });

  it('asks everybody at once when news comes while a silent primary is still being checked', async () => {
    await following();
    cluster.set(A, 'silent');
    cluster.monitor.suspect('silence');
    await cluster.clock.advance(800);
    const before = cluster.asked.length;
    cluster.set(B, { role: 'primary', epoch: 2 });
    cluster.monitor.suspect('a push');
    await cluster.clock.advance(0);
    expect(cluster.asked.slice(before)).toEqual(['b']);
    expect(primaryOf(cluster.monitor.topology)?.endpoint).toEqual(B);
  });

  it('looks less often when a search has lasted longer than a failover does', async () => {
    await following();
    cluster.set(A, 'refused');
    cluster.monitor.suspect('closed');
    await cluster.clock.advance(25_000);
    const asked = async (): Promise<number> => {
      const before = cluster.asked.length;
      await cluster.clock.advance(2_000);
      return cluster.asked.length - before;
    };
    const hurried = await asked();
    await cluster.clock.advance(10_000);
    expect(await asked()).toBeLessThan(hurried / 5);
  });

  it('is not hastened by a control plane that keeps naming somebody else', async () => {
    await following();
    cluster.nominee = B;
    cluster.monitor.suspect('a push');
    cluster.asked.length = 0;
    await cluster.clock.advance(5_000);
    expect(cluster.asked.filter((host) => host === 'a').length).toBeLessThan(40);
  });

  it('finds a newer primary though the old one still answers and no control plane tells', async () => {
    cluster = new Cluster({ role: 'primary', epoch: 1 }, { role: 'replica' }, 'self', false);
    const found = cluster.wait(100);
    await cluster.clock.advance(1);
    expect(await found).toBe('a');
    cluster.set(B, { role: 'primary', epoch: 2 });
    await cluster.clock.advance(7_000);
    expect(primaryOf(cluster.monitor.topology)?.endpoint).toEqual(B);
  });

  it('does not let waits that were short from the start open the breaker', async () => {
    cluster = new Cluster('refused', 'refused');
    const runs: number[] = [];
    vi.spyOn(open, 'run').mockImplementation((work) => {
      runs.push(cluster.clock.now());
      return work();
    });
    const short = expect(cluster.wait(100)).rejects.toMatchObject({ code: 'HA_NO_PRIMARY' });
    await cluster.clock.advance(100);
    await short;
    expect(runs).toEqual([]);
    const long = expect(cluster.wait(30_000)).rejects.toMatchObject({ code: 'HA_NO_PRIMARY' });
    await cluster.clock.advance(30_000);
    await long;
    expect(runs.length).toBe(1);
  });

  it('closes the breaker with every discovery of a primary, however long the outage was', async () => {
    const close = vi.spyOn(open, 'close');
    cluster = new Cluster('refused', 'refused');
    const found = cluster.wait(60_000);
    await cluster.clock.advance(20_000);
    expect(close).not.toHaveBeenCalled();
    cluster.set(B, { role: 'primary', epoch: 1 });
    await cluster.clock.advance(1_000);
    expect(await found).toBe('b');
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('does not serve a caller who has gone', async () => {
    await following();
    const gone = cluster.monitor.whenPrimary(Deadline.after(cluster.clock, 100), AbortSignal.abort('left'));
    await expect(gone).rejects.toMatchObject({ code: 'HA_ABORTED', outcome: 'notSent', cause: 'left' });
  });

  it('keeps a primary that was only slow', async () => {
    await following();
    cluster.monitor.suspect('silence');
    await cluster.clock.advance(10);
    expect(cluster.monitor.state).toBe('steady');
    expect(cluster.monitor.topology.generation).toBe(1);
  });

  it('lets repeats go on only after the primary has been asked again', async () => {
    await following();
    cluster.set(A, 'silent');
    cluster.monitor.suspect('broken link');
    let confirmed = false;
    const wait = cluster.monitor
      .whenConfirmed(Deadline.after(cluster.clock, 30_000))
      .then(() => (confirmed = true));
    await cluster.clock.advance(900);
    expect(confirmed).toBe(false);
    cluster.set(A, { role: 'primary', epoch: 1 });
    await cluster.clock.advance(1_000);
    await wait;
    expect(cluster.monitor.topology.generation).toBe(1);
  });

  it('takes news about others for no confirmation', async () => {
    await following();
    cluster.set(A, 'silent');
    cluster.set(B, 'refused');
    cluster.monitor.suspect('broken link');
    let confirmed = false;
    const wait = cluster.monitor
      .whenConfirmed(Deadline.after(cluster.clock, 30_000))
      .then(() => (confirmed = true));
    const changes = cluster.changes.length;
    await cluster.clock.advance(100);
    expect(cluster.changes.length).toBeGreaterThan(changes);
    expect(confirmed).toBe(false);
    cluster.set(A, { role: 'primary', epoch: 1 });
    await cluster.clock.advance(2_000);
    await wait;
  });

  it('says at the deadline what every member last said', async () => {
    cluster = new Cluster('refused', { role: 'replica' });
    const failed = expect(cluster.wait(500)).rejects.toThrow(
      /no primary of test within 500 ms: a:1 unknown \(refused\), b:1 replica/,
    );
    await cluster.clock.advance(500);
    await failed;
  });

  it('does not hide a wrong password behind a timeout', async () => {
    cluster = new Cluster('wrong password', 'wrong password');
    const failed = expect(cluster.wait(30_000)).rejects.toMatchObject({
      code: 'HA_AUTH',
      outcome: 'notSent',
    });
    await cluster.clock.advance(50);
    await failed;
  });

  it('does not knock on with a wrong password while nobody waits', async () => {
    cluster = new Cluster('wrong password', 'wrong password', 'self', false);
    const refused = (): Promise<unknown> => cluster.wait(30_000).catch((error: HaError) => error.code);
    const first = refused();
    await cluster.clock.advance(60_000);
    expect(await first).toBe('HA_AUTH');
    const { asked } = cluster;
    expect(asked.length).toBeLessThan(2 * 20); // one look in five seconds, and the first ones
    const before = asked.length;
    const second = refused();
    await cluster.clock.advance(1);
    expect(await second).toBe('HA_AUTH'); // who asks is answered at once
    expect(asked.length).toBe(before + 2);
    cluster.set(A, { role: 'primary', epoch: 1 });
    await cluster.clock.advance(10_000);
    expect(await cluster.wait(1)).toBe('a');
  });

  it('goes on with a primary that takes our logins no more: it is there, and asking on would not help', async () => {
    await following();
    for (const member of [A, B]) cluster.set(member, 'wrong password');
    const before = cluster.asked.length;
    cluster.monitor.suspect('silence');
    const confirmed = cluster.monitor.whenConfirmed(Deadline.after(cluster.clock, 30_000));
    await cluster.clock.advance(60_000);
    expect((await confirmed).endpoint).toEqual(A);
    expect(cluster.monitor.state).toBe('steady');
    expect(cluster.asked.length - before).toBeLessThan(25); // one look in five seconds, and the first ones
  });

  it('keeps looking where the control plane names another one than the primary that is back', async () => {
    await following();
    cluster.planeEveryMs = 10_000;
    cluster.nominee = B;
    cluster.set(A, 'refused');
    cluster.monitor.suspect('closed');
    await cluster.clock.advance(1_000);
    cluster.set(A, { role: 'primary', epoch: 1 });
    expect(await Promise.all([cluster.wait(100), cluster.clock.advance(100)])).toContain('a');
    cluster.set(B, { role: 'primary', epoch: 2 });
    await cluster.clock.advance(400);
    expect(primaryOf(cluster.monitor.topology)?.endpoint).toEqual(B);
  });

  it('forgets an error when whoever it came from has answered after all', async () => {
    await following();
    cluster.planeFails = true;
    await cluster.clock.advance(10_000);
    expect(cluster.monitor.trouble).toMatchObject({ message: 'the control plane is away' });
    cluster.planeFails = false;
    await cluster.clock.advance(10_000);
    expect(cluster.monitor.trouble).toBeUndefined();
  });

  it('asks nobody because of an answer that comes after it has been closed', async () => {
    cluster = new Cluster('refused', 'refused');
    Object.assign(cluster, { nominee: B, controlPlaneMs: 20 });
    const failed = cluster.wait(1_000).catch((error: HaError) => error.code);
    await cluster.clock.advance(5);
    await cluster.loop.close();
    const before = cluster.asked.length;
    await cluster.clock.advance(50);
    expect([await failed, cluster.asked.length]).toEqual(['HA_CLOSED', before]);
  });

  it('is not stopped by one member with a wrong password', async () => {
    cluster = new Cluster('wrong password', { role: 'primary', epoch: 1 });
    const found = cluster.wait(1_000);
    await cluster.clock.advance(50);
    expect(await found).toBe('b');
  });

  it('serves several clients by one look around, and releases all of them', async () => {
    cluster = new Cluster({ role: 'primary', epoch: 1 }, { role: 'replica' });
    const seats = Array.from({ length: 5 }, () => cluster.seat());
    const found = seats.map((seat) => seat.whenPrimary(Deadline.after(cluster.clock, 100)));
    await cluster.clock.advance(1);
    expect((await Promise.all(found)).map((primary) => primary.endpoint.host)).toEqual(Array(5).fill('a'));
    expect(cluster.asked).toEqual(['a', 'b']);
  });

  it('bounds what waits for each client by itself', async () => {
    cluster = new Cluster('silent', 'silent');
    const narrow = cluster.seat(1);
    const first = narrow.whenPrimary(Deadline.after(cluster.clock, 500)).catch(() => 'gone');
    await expect(narrow.whenPrimary(Deadline.after(cluster.clock, 500))).rejects.toMatchObject({
      code: 'HA_QUEUE_FULL',
    });
    void cluster.wait(500).catch(() => undefined);
    expect([narrow.waiting, cluster.monitor.waiting]).toEqual([1, 1]);
    await cluster.clock.advance(500);
    await first;
  });

  it('ends the calls of the client that leaves, and nobody else’s', async () => {
    cluster = new Cluster('refused', 'refused');
    const leaver = cluster.seat();
    const heard: TopologyChange[] = [];
    leaver.onChange((change) => heard.push(change));
    const ended = expect(leaver.whenPrimary(Deadline.after(cluster.clock, 5_000))).rejects.toMatchObject({
      code: 'HA_CLOSED',
    });
    const found = cluster.wait(5_000);
    await cluster.clock.advance(10);
    leaver.close();
    await ended;
    expect(leaver.state).toBe('closed');
    heard.length = 0;
    cluster.set(A, { role: 'primary', epoch: 1 });
    await cluster.clock.advance(1_000);
    expect(await found).toBe('a');
    expect(heard).toEqual([]);
  });

  it('ends waiting calls when it is closed', async () => {
    cluster = new Cluster('silent', 'silent');
    const failed = expect(cluster.wait(30_000)).rejects.toMatchObject({ code: 'HA_CLOSED' });
    await cluster.clock.advance(10);
    await cluster.loop.close();
    await failed;
    await expect(cluster.wait(10)).rejects.toMatchObject({ code: 'HA_CLOSED' });
  });

  it('is not disturbed by a listener that throws', async () => {
    cluster = new Cluster({ role: 'primary', epoch: 1 }, { role: 'replica' });
    cluster.monitor.onChange(() => {
      throw new Error('bad listener');
    });
    const found = cluster.wait(100);
    await cluster.clock.advance(1);
    expect(await found).toBe('a');
  });
});
