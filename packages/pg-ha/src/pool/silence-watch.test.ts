import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { HaClient } from '../dial/ha-client.ts';
import { SilenceWatch } from './silence-watch.ts';

/** A link as the watch sees it. */
interface Link {
  busy: boolean;
  bytesRead: number;
  stale: boolean;
}

function setup(limits: { idleCheckMs: number | undefined } = { idleCheckMs: 1_000 }): {
  clock: ManualClock;
  link: Link;
  heard: number[];
  news: number[];
} {
  const clock = new ManualClock();
  const link: Link = { busy: false, bytesRead: 0, stale: false };
  const heard: number[] = [];
  const news: number[] = [];
  new SilenceWatch({
    clock,
    silenceMs: 1_000,
    ...limits,
    clients: () => [link as unknown as HaClient],
    onSilence: (_client, silentMs, isNews) => {
      heard.push(silentMs);
      if (isNews) news.push(silentMs);
    },
    onLook: () => undefined,
  });
  return { clock, link, heard, news };
}

describe('a link that has gone quiet', () => {
  it('with work in flight is told of once that has lasted', async () => {
    const { clock, link, heard } = setup();
    link.busy = true;
    await clock.advance(999);
    expect(heard).toEqual([]);
    await clock.advance(251);
    expect(heard.length).toBeGreaterThan(0);
    expect(Math.min(...heard)).toBeGreaterThanOrEqual(1_000);
    expect(link.stale).toBe(false);
  });

  it('is news when it begins, and whenever it has doubled', async () => {
    const { clock, link, heard, news } = setup();
    link.busy = true;
    await clock.advance(100_000);
    expect(heard.length).toBeGreaterThan(300);
    expect(news).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000]);
  });

  it('is none while bytes come', async () => {
    const { clock, link, heard } = setup();
    link.busy = true;
    for (let n = 0; n < 40; n++) {
      link.bytesRead += 1;
      await clock.advance(100);
    }
    expect(heard).toEqual([]);
  });

  it('without work is stale after a while, and tells nobody', async () => {
    const { clock, link, heard } = setup();
    await clock.advance(999);
    expect(link.stale).toBe(false);
    await clock.advance(501);
    expect(link.stale).toBe(true);
    expect(heard).toEqual([]);
  });

  it('is not stale while it is used, however rarely it is looked at in use', async () => {
    const { clock, link } = setup();
    for (let n = 0; n < 10; n++) {
      await clock.advance(700);
      link.bytesRead += 10; // a statement has come and gone between two looks
    }
    expect(link.stale).toBe(false);
  });

  it('is not stale any more once it has been used', async () => {
    const { clock, link } = setup();
    await clock.advance(1_500); // held by somebody who thinks
    expect(link.stale).toBe(true);
    link.bytesRead += 10;
    await clock.advance(250);
    expect(link.stale).toBe(false);
  });

  it('is never stale where that is switched off', async () => {
    const { clock, link } = setup({ idleCheckMs: undefined });
    await clock.advance(100_000);
    expect(link.stale).toBe(false);
  });
});
