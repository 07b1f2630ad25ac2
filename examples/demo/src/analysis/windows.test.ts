import type { ObserverEvent } from '@steadfast/lab';
import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../load/call.ts';
import { clientWindow, normalLatencyMs, writesOf } from './client-window.ts';
import { primaryAt, serverWindow, serverWindowMs, type ServerWindow } from './server-window.ts';

const PHASE = { from: 0, faultAt: 1_000, until: 9_000 };

const writable = (at: number, member: string): ObserverEvent => ({
  kind: 'pg-writable',
  at,
  member,
  timeline: 1,
});
const stopped = (at: number, member: string, lastWriteAt = at - 10): ObserverEvent => ({
  kind: 'pg-not-writable',
  at,
  member,
  lastWriteAt,
});
const write = (dueAt: number, endedAt: number, outcome?: 'notSent' | 'unknown'): CallRecord => ({
  kind: 'message',
  key: `m${dueAt}`,
  dueAt,
  endedAt,
  result: outcome === undefined ? { ok: true, job: 'queued' } : { ok: false, outcome, code: 'X' },
});

describe('the server window', () => {
  it('lasts from the last write on the old primary to the first on the new one', () => {
    const events = [writable(5, 'h1'), stopped(2_010, 'h1', 2_000), writable(2_300, 'h2')];
    const window = serverWindow(events, 'postgres', PHASE, 'patroni');
    expect(window).toEqual({
      database: 'postgres',
      oldPrimary: 'h1',
      newPrimary: 'h2',
      lastWriteAt: 2_000,
      writableAt: 2_300,
      promotedAt: 2_300,
    });
    expect(window && serverWindowMs(window)).toBe(300);
  });

  it('is negative where the old primary still took writes after the new one', () => {
    const events = [writable(5, 'h1'), writable(1_400, 'h2'), stopped(2_110, 'h1', 2_100)];
    const window = serverWindow(events, 'postgres', PHASE, 'patroni');
    expect(window && serverWindowMs(window)).toBe(-700);
  });

  it('has no length where the old primary was never seen to stop', () => {
    const window = serverWindow([writable(5, 'h1'), writable(1_400, 'h2')], 'postgres', PHASE, 'patroni');
    expect(window?.newPrimary).toBe('h2');
    expect(window && serverWindowMs(window)).toBeUndefined();
  });

  it('is also that of a primary which comes back itself', () => {
    const events = [writable(5, 'h1'), stopped(1_200, 'h1'), writable(4_000, 'h1')];
    expect(serverWindow(events, 'postgres', PHASE, 'patroni')?.newPrimary).toBe('h1');
  });

  it('does not exist where nothing changed, or only elsewhere', () => {
    expect(serverWindow([writable(5, 'h1')], 'postgres', PHASE, 'patroni')).toBeUndefined();
    const other: ObserverEvent[] = [writable(5, 'h1'), { kind: 'redis-writable', at: 2_000, member: 'h3' }];
    expect(serverWindow(other, 'postgres', PHASE, 'patroni')).toBeUndefined();
    expect(
      serverWindow([writable(5, 'h1'), writable(9_500, 'h2')], 'postgres', PHASE, 'patroni'),
    ).toBeUndefined();
  });

  it('begins at the primary of that moment', () => {
    const events = [writable(5, 'h1'), stopped(100, 'h1'), writable(200, 'h2')];
    expect(primaryAt(events, 'postgres', 50)).toBe('h1');
    expect(primaryAt(events, 'postgres', 150)).toBeUndefined();
    expect(primaryAt(events, 'postgres', 250)).toBe('h2');
  });
});

describe('the server window through HAProxy', () => {
  const change = [writable(5, 'h1'), stopped(2_010, 'h1', 2_000), writable(2_300, 'h2')];
  const routes = (at: number, member: string): ObserverEvent => ({ kind: 'haproxy-routes', at, member });
  const down = (at: number): ObserverEvent => ({ kind: 'haproxy-down', at });

  it('ends when HAProxy routes to the new primary', () => {
    const events = [routes(6, 'h1'), ...change, down(2_400), routes(3_500, 'h2')];
    expect(serverWindow(events, 'postgres', PHASE, 'haproxy')).toMatchObject({
      newPrimary: 'h2',
      lastWriteAt: 2_000,
      writableAt: 3_500,
    });
    expect(serverWindow(events, 'postgres', PHASE, 'patroni')?.writableAt).toBe(2_300);
  });

  it('does not end before the new primary takes writes, however early it is routed to', () => {
    const events = [writable(5, 'h1'), routes(2_100, 'h2'), ...change.slice(1)];
    expect(serverWindow(events, 'postgres', PHASE, 'haproxy')?.writableAt).toBe(2_300);
  });

  it('is that of HAProxy itself where no primary changed', () => {
    const events = [writable(5, 'h1'), routes(6, 'h1'), down(1_100), routes(1_900, 'h1')];
    expect(serverWindow(events, 'postgres', PHASE, 'haproxy')).toMatchObject({
      oldPrimary: 'h1',
      newPrimary: 'h1',
      lastWriteAt: 1_100,
      writableAt: 1_900,
    });
    expect(serverWindow([writable(5, 'h1')], 'postgres', PHASE, 'haproxy')).toBeUndefined();
  });
});

describe('the client window', () => {
  const server: ServerWindow = {
    database: 'postgres',
    oldPrimary: 'h1',
    newPrimary: 'h2',
    lastWriteAt: 2_000,
    writableAt: 2_300,
    promotedAt: 2_300,
  };
  const quiet = [write(100, 105), write(200, 204), write(300, 306)];

  it('lasts from the first write that waited to the first acknowledged one on the new primary', () => {
    const writes = [
      ...quiet,
      write(1_900, 1_905),
      write(2_001, 2_330),
      write(2_100, 2_325),
      write(2_400, 2_405),
    ];
    expect(clientWindow(writes, PHASE, server)).toEqual({ firstAffectedAt: 2_001, firstAckAt: 2_325 });
  });

  it('begins with a failure, however quick it was', () => {
    const writes = [...quiet, write(1_500, 1_502, 'notSent'), write(2_100, 2_310)];
    expect(clientWindow(writes, PHASE, server)?.firstAffectedAt).toBe(1_500);
  });

  it('leaves out a hiccup that ended before the outage or began after it', () => {
    const writes = [...quiet, write(1_100, 1_300), write(2_050, 2_305), write(5_000, 5_200)];
    expect(clientWindow(writes, PHASE, server)).toEqual({ firstAffectedAt: 2_050, firstAckAt: 2_305 });
  });

  it('does not exist where no write waited', () => {
    expect(clientWindow([...quiet, write(1_995, 2_000), write(2_310, 2_315)], PHASE, server)).toBeUndefined();
  });

  it('says so where nothing was acknowledged afterwards', () => {
    const writes = [...quiet, write(2_100, 8_000, 'unknown')];
    expect(clientWindow(writes, PHASE, server)).toEqual({ firstAffectedAt: 2_100, firstAckAt: undefined });
  });

  it('prefers a write that waited to a quick answer, which the old primary may have given', () => {
    const both: ServerWindow = { ...server, lastWriteAt: 3_000 };
    const writes = [...quiet, write(2_301, 2_303), write(2_310, 3_050)];
    expect(clientWindow(writes, PHASE, both)?.firstAckAt).toBe(3_050);
  });

  it('counts what was acknowledged between a promotion and its being seen through HAProxy', () => {
    const routed: ServerWindow = { ...server, writableAt: 2_500 };
    const writes = [...quiet, write(2_100, 2_410), write(2_200, 2_600)];
    expect(clientWindow(writes, PHASE, routed)?.firstAckAt).toBe(2_410);
  });

  it('takes the median before the fault as normal', () => {
    expect(normalLatencyMs([...quiet, write(400, 900), write(2_000, 2_001)], PHASE)).toBe(6);
  });

  it('looks at messages for PostgreSQL, at counters and presence for Redis', () => {
    const records = (['message', 'read', 'presence', 'counter'] as const).map((kind) => ({
      ...write(1, 2),
      kind,
    }));
    expect(writesOf('postgres', records).map(({ kind }) => kind)).toEqual(['message']);
    expect(writesOf('redis', records).map(({ kind }) => kind)).toEqual(['presence', 'counter']);
  });
});
