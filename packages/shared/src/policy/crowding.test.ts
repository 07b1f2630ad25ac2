import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/manual-clock.ts';
import { Crowding } from './crowding.ts';

let clock: ManualClock;
let crowding: Crowding;
const question = {};
beforeEach(() => {
  clock = new ManualClock();
  crowding = new Crowding(clock);
});

describe('a crowd', () => {
  it('is seen where one that was let in late hears nothing for long', async () => {
    expect(crowding.seen).toBe(false);
    crowding.letIn(question);
    await clock.advance(299);
    expect(crowding.seen).toBe(false);
    await clock.advance(1);
    expect(crowding.seen).toBe(true);
  });

  it('is not seen where that one is answered soon', async () => {
    crowding.letIn(question);
    await clock.advance(299);
    crowding.over(question);
    await clock.advance(1_000);
    expect(crowding.seen).toBe(false);
  });

  it('is seen where one has waited, though nobody looked meanwhile', async () => {
    crowding.letIn(question);
    await clock.advance(4_000);
    crowding.over(question);
    expect(crowding.seen).toBe(true);
  });

  it('is remembered for half a minute', async () => {
    crowding.letIn(question);
    await clock.advance(1_000);
    crowding.over(question);
    await clock.advance(29_999);
    expect(crowding.seen).toBe(true);
    await clock.advance(1);
    expect(crowding.seen).toBe(false);
  });

  it('is a matter of the one that was let in last', async () => {
    crowding.letIn(question);
    await clock.advance(200);
    crowding.letIn({});
    crowding.over(question);
    await clock.advance(299);
    expect(crowding.seen).toBe(false);
    await clock.advance(1);
    expect(crowding.seen).toBe(true);
  });
});
