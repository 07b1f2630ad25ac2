import { HaError } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { A, B, settles, setup } from './read-search.test.support.ts';

describe('a read', () => {
  it('goes to a standby as soon as one has answered the first look', async () => {
    const cluster = setup({ looks: { p: 100, a: 'hangs', b: 100 } });
    const [host, ms] = await settles(cluster, cluster.read());
    expect([host, ms <= 10]).toEqual(['b', true]);
  });

  it('goes to the primary where every standby is too far behind, or gone', async () => {
    const cluster = setup({ looks: { p: 100, a: 10, b: 'refuses' } });
    expect((await settles(cluster, cluster.read()))[0]).toBe('p');
  });

  it('waits for a standby where the primary will not do, and names what each said when its time is up', async () => {
    const cluster = setup({ looks: { p: 100, a: 10, b: 'refuses' } }, 'standby');
    const read = cluster.read({ ms: 1_000 });
    const message = read.catch((error: Error) => error.message);
    expect(await settles(cluster, read)).toEqual(['HA_NO_REPLICA notSent', 1_000]);
    expect(await message).toMatch(
      /within 1000 ms: p:1 primary, a:1 replica, 90 bytes and .* behind, b:1 \(.*refused\)$/,
    );
  });

  it('is let through as soon as a standby has caught up', async () => {
    const cluster = setup({ looks: { p: 100, a: 10, b: 10 } }, 'standby');
    const read = cluster.read();
    await cluster.clock.advance(500);
    cluster.looks['a'] = 100;
    const [host, ms] = await settles(cluster, read);
    expect([host, ms <= 150]).toEqual(['a', true]);
  });
});

describe('pain 6: a dead member', () => {
  it('is found by looks alone: once ejected no read dials it, and it serves again after a look', async () => {
    const cluster = setup({ dials: { a: 'refuses' } });
    for (let n = 0; n < 10; n++) expect((await settles(cluster, cluster.read()))[0]).toBe('b');
    expect(cluster.dialled.filter((host) => host === 'a').length).toBeLessThanOrEqual(1);
    expect(cluster.watch.stateOf(A).at).toBe(cluster.dialled.includes('a') ? 'ejected' : 'answering');
    delete cluster.dials['a'];
    await cluster.clock.advance(2_500);
    const hosts = new Set<string>();
    for (let n = 0; n < 20; n++) hosts.add((await settles(cluster, cluster.read()))[0]);
    expect([...hosts].sort()).toEqual(['a', 'b']);
  });

  it('is asked anew as soon as the monitor has heard of it, also where the look of before hangs', async () => {
    const { watch, clock, looks, report } = setup({ looks: { p: 100, a: 'hangs', b: 'refuses' } });
    watch.use();
    await clock.advance(100);
    expect(watch.stateOf(B).at).toBe('ejected');
    looks['a'] = looks['b'] = 100; // the look at a that is under way hangs on
    report({ kind: 'self', endpoint: A, role: 'replica', at: clock.now() });
    report({ kind: 'self', endpoint: B, role: 'replica', at: clock.now() });
    await clock.advance(1);
    expect([watch.stateOf(A).at, watch.stateOf(B).at]).toEqual(['unasked', 'answering']);
    await clock.advance(900);
    expect(watch.stateOf(A).at).toBe('answering');
    watch.close();
  });

  it('that hangs holds a read up for a quarter of a second, and the next ones not at all once a look has failed', async () => {
    const cluster = setup({ dials: { a: 'hangs', b: 'hangs' } });
    const [host, ms] = await settles(cluster, cluster.read());
    expect(host).toBe('p');
    expect(ms).toBeLessThanOrEqual(520);
    cluster.looks['a'] = cluster.looks['b'] = 'hangs';
    await cluster.clock.advance(2_500);
    expect(await settles(cluster, cluster.read())).toEqual(['p', 0]);
  });
});

describe('pain 7: reads when every standby is down', () => {
  it('go to the primary, and back when one is up again', async () => {
    const cluster = setup({ looks: { p: 100, a: 'refuses', b: 'refuses' } });
    expect((await settles(cluster, cluster.read()))[0]).toBe('p');
    cluster.looks['b'] = 100;
    await cluster.clock.advance(3_000);
    expect((await settles(cluster, cluster.read()))[0]).toBe('b');
  });
});

describe('a read whose password every server refuses', () => {
  const changed = {
    p: 'wants another password',
    a: 'wants another password',
    b: 'wants another password',
  } as const;

  it('fails at once where nothing would read another one', async () => {
    const cluster = setup({ looks: { ...changed } });
    const [result, ms] = await settles(cluster, cluster.read());
    expect([result, ms <= 10]).toEqual(['HA_AUTH notSent', true]);
  });

  it('waits where it is read anew each second, and gets through when it has changed', async () => {
    const cluster = setup({ looks: { ...changed }, rereadsPassword: true });
    const read = cluster.read();
    await cluster.clock.advance(2_500);
    Object.assign(cluster.looks, { p: 100, a: 100, b: 100 });
    const [host, ms] = await settles(cluster, read);
    expect(host).toMatch(/^[ab]$/);
    expect(ms).toBeLessThanOrEqual(1_250);
  });

  it('is told of the refusal when its time is up', async () => {
    const cluster = setup({ looks: { ...changed }, rereadsPassword: true });
    expect(await settles(cluster, cluster.read({ ms: 2_000 }))).toEqual(['HA_AUTH notSent', 2_000]);
  });
});

describe('a read with a token', () => {
  it('goes to a standby that is known to have got there, without waiting', async () => {
    const cluster = setup({ looks: { p: 100, a: 90, b: 100 } });
    await settles(cluster, cluster.read());
    for (let n = 0; n < 10; n++)
      expect(await settles(cluster, cluster.read({ after: '1-64' }))).toEqual(['b', 0]);
  });

  it('waits for one to get there, and goes to the primary when none does', async () => {
    const cluster = setup({ looks: { p: 100, a: 90, b: 90 } });
    await settles(cluster, cluster.read());
    const soon = cluster.read({ after: '1-64' });
    await cluster.clock.advance(50);
    cluster.looks['a'] = 100;
    const [host, ms] = await settles(cluster, soon);
    expect([host, ms < 150]).toEqual(['a', true]);
    const [late, waited] = await settles(cluster, cluster.read({ after: '1-70' }));
    expect([late, waited >= 200 && waited <= 260]).toEqual(['p', true]);
  });

  it.each([
    ['is told to go away', { code: '57P01', severity: 'FATAL' }],
    ['loses its link', {}],
  ])('is asked of another connection where a server %s over the question', async (_, about) => {
    let asked = 0;
    const reached = (): Promise<boolean> =>
      ++asked > 2 ? Promise.resolve(true) : Promise.reject(Object.assign(new Error('gone'), about));
    const cluster = setup({ reached });
    await settles(cluster, cluster.read());
    expect((await settles(cluster, cluster.read({ after: '1-64' })))[0]).toMatch(/^[abp]$/);
    expect(asked).toBe(3);
  });

  it('is asked of another connection where no server answers the question', async () => {
    let asked = 0;
    const reached = (): Promise<boolean> =>
      ++asked > 3 ? Promise.resolve(true) : new Promise(() => undefined);
    const cluster = setup({ reached });
    await settles(cluster, cluster.read());
    const [host, ms] = await settles(cluster, cluster.read({ after: '1-64' }));
    expect([/^[abp]$/.test(host), ms < 2_000]).toEqual([true, true]);
  });

  it('is told what a server has against the question', async () => {
    const reached = (): Promise<boolean> =>
      Promise.reject(Object.assign(new Error('permission denied'), { code: '42501', severity: 'ERROR' }));
    const cluster = setup({ reached });
    await settles(cluster, cluster.read());
    const read = cluster.read({ after: '1-64' });
    const told = expect(read).rejects.toMatchObject({ code: '42501', outcome: 'notSent' });
    await settles(cluster, read);
    await told;
  });

  it('fails at once where too many wait already', async () => {
    const cluster = setup({ looks: { p: 100, a: 90, b: 90 } }, 'prefer-standby', 1, 1);
    await settles(cluster, cluster.read());
    const first = cluster.read({ after: '1-70' });
    expect(await settles(cluster, cluster.read({ after: '1-70' }))).toEqual(['HA_QUEUE_FULL notSent', 0]);
    expect((await settles(cluster, first))[0]).toBe('p');
  });

  it('that waits when its pool is ended ends with it, and nobody is dialled any more', async () => {
    const cluster = setup({ looks: { p: 100, a: 90, b: 90 } });
    await settles(cluster, cluster.read());
    cluster.dialled.length = 0;
    const read = cluster.read({ after: '1-70' });
    await cluster.clock.advance(10);
    cluster.watch.endWaiting(
      () => new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' }),
    );
    expect(await settles(cluster, read)).toEqual(['HA_CLOSED notSent', 0]);
    expect(cluster.dialled).toEqual([]);
  });

  it('of a newer primary than any seen waits for it, and asks for it once', async () => {
    const cluster = setup();
    await settles(cluster, cluster.read());
    expect(await settles(cluster, cluster.read({ after: '9-1', ms: 1_000 }))).toEqual([
      'HA_STALE_PRIMARY notSent',
      1_000,
    ]);
    expect(cluster.suspicions).toHaveLength(1);
  });

  it('of a timeline that has ended is answered by whoever is beyond its end', async () => {
    const cluster = setup({ looks: { p: 100, a: 90, b: 100 } }, 'prefer-standby', 2);
    for (let n = 0; n < 10; n++)
      expect((await settles(cluster, cluster.read({ after: '1-FFFFFF' })))[0]).toBe('b');
  });
});
