import type { ObserverEvent } from '@steadfast/lab';
import { describe, expect, it } from 'vitest';
import { reachableAt, routeWindow, windowOf } from './window.ts';

const up = (at: number, member: string): ObserverEvent => ({ kind: 'pg-writable', at, member, timeline: 1 });
const down = (at: number, member: string): ObserverEvent => ({
  kind: 'pg-not-writable',
  at,
  member,
  lastWriteAt: at - 1,
});
const routes = (at: number, member: string): ObserverEvent => ({ kind: 'haproxy-routes', at, member });
const span = { from: 100, to: 1_000 };

describe('the window of an outage', () => {
  it('is from the end of the old primary to the first write of the new one', () => {
    const events = [up(1, 'h1'), down(110, 'h1'), up(200, 'h2')];
    expect(windowOf(events, 'pg', 'moves', span)).toEqual({
      moved: true,
      member: 'h2',
      closedAt: 110,
      writableAt: 200,
    });
  });

  it('is that of whoever accepts writes at the fault, not of an old primary that did for a while after its return', () => {
    const events = [up(1, 'h1'), up(20, 'h2'), down(30, 'h2'), down(110, 'h1'), up(200, 'h2')];
    expect(windowOf(events, 'pg', 'moves', span)).toEqual({
      moved: true,
      member: 'h2',
      closedAt: 110,
      writableAt: 200,
    });
  });

  it('is of who was the last to accept them where nobody does when it opens, not of who was the last to begin', () => {
    const events = [up(1, 'h1'), up(20, 'h2'), down(30, 'h2'), down(90, 'h1'), up(200, 'h2')];
    expect(windowOf(events, 'pg', 'moves', span)).toMatchObject({ moved: true, member: 'h2' });
  });

  it('begins with the fault where the old one stays writable beside the new one', () => {
    expect(windowOf([up(1, 'h1'), up(200, 'h2')], 'pg', 'moves', span)).toMatchObject({ closedAt: 100 });
  });

  it('is there for the same member only where it is expected to stay', () => {
    const events = [up(1, 'h1'), down(110, 'h1'), up(120, 'h1'), up(200, 'h2')];
    expect(windowOf(events, 'pg', 'moves', span)).toMatchObject({ member: 'h2' });
    expect(windowOf(events, 'pg', 'stays', span)).toMatchObject({ member: 'h1', moved: false });
    expect(windowOf(events, 'pg', 'either', span)).toMatchObject({ member: 'h1' });
    expect(windowOf(events, 'pg', 'none', span)).toBeUndefined();
  });

  it('is there for the same member that had stopped before, as where it opens only by healing', () => {
    expect(windowOf([up(1, 'h1'), down(50, 'h1'), up(200, 'h1')], 'pg', 'either', span)).toMatchObject({
      moved: false,
      member: 'h1',
      closedAt: 100,
      writableAt: 200,
    });
  });

  it('is none before anybody accepts writes again, and none outside of its span', () => {
    expect(windowOf([up(1, 'h1'), down(110, 'h1')], 'pg', 'either', span)).toBeUndefined();
    expect(windowOf([up(1, 'h1'), up(2_000, 'h2')], 'pg', 'moves', span)).toBeUndefined();
  });
});

describe('a route', () => {
  const events = [up(1, 'h1'), down(110, 'h1'), up(200, 'h2'), routes(250, 'h2')];
  const window = { moved: true, member: 'h2', closedAt: 110, writableAt: 200 };

  it('opens when it leads to the member, and not before that accepts writes', () => {
    expect(reachableAt(events, window, 'haproxy', span)).toBe(250);
    expect(reachableAt([routes(150, 'h2')], window, 'haproxy', span)).toBe(200);
    expect(reachableAt(events, window, 'members', span)).toBe(200);
  });

  it('that never led there was never open, unless the primary stayed where it was', () => {
    expect(reachableAt(events, window, 'name', span)).toBeUndefined();
    expect(reachableAt(events, { ...window, moved: false }, 'name', span)).toBe(200);
  });

  it('of HAProxy has an outage of its own', () => {
    expect(routeWindow([{ kind: 'haproxy-down', at: 120 }, routes(180, 'h1')], span)).toEqual({
      from: 120,
      to: 180,
    });
    expect(routeWindow([routes(180, 'h1')], span)).toBeUndefined();
  });
});
