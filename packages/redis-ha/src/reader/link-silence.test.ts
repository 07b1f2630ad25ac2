import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import { LinkSilence } from './link-silence.ts';

interface Bench {
  clock: ManualClock;
  link: { bytes: number; busy: boolean };
  silence: LinkSilence;
  /** when it was found silent */
  found: number[];
}

function bench(silenceMs = 800): Bench {
  const clock = new ManualClock();
  const link = { bytes: 0, busy: true };
  const found: number[] = [];
  const silence = new LinkSilence({
    clock,
    silenceMs,
    bytes: () => link.bytes,
    busy: () => link.busy,
    silent: () => found.push(clock.now()),
  });
  return { clock, link, silence, found };
}

describe('a link with reads in flight', () => {
  it('is silent before the first of them has waited for silenceMs', async () => {
    const { clock, silence, found } = bench();
    silence.sent();
    await clock.advance(800);
    expect(found).toEqual([700]);
  });

  it('is silent before one has waited for so long that was sent while answers still came', async () => {
    const { clock, link, silence, found } = bench();
    silence.sent();
    await clock.advance(401);
    silence.sent();
    link.bytes += 1;
    await clock.advance(799);
    expect(found).toEqual([1_200]);
  });

  it('is not while bytes come, however slowly the whole answer does', async () => {
    const { clock, link, silence, found } = bench();
    silence.sent();
    for (let n = 0; n < 20; n++) {
      link.bytes += 1;
      await clock.advance(600);
    }
    expect(found).toEqual([]);
  });

  it('costs nothing once they are answered, and is looked at anew with the next', async () => {
    const { clock, link, silence, found } = bench();
    silence.sent();
    link.busy = false;
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
    link.busy = true;
    silence.sent();
    await clock.advance(600);
    expect(found).toEqual([]);
    await clock.advance(100);
    expect(found).toEqual([10_700]);
  });
});
