import type { ClientBase } from 'pg';
import { applyObservation, emptyTopology, type Endpoint } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it, vi } from 'vitest';
import { boundQuestion, isOutrun } from './question-bounds.ts';

const SERVER: Endpoint = { host: 'a', port: 1 };

interface FakeStream {
  connecting: boolean;
  bytesRead: number;
  encrypted?: true;
}

function clientOn(stream: FakeStream): ClientBase {
  return { connection: { stream } } as unknown as ClientBase;
}

describe('the time a question may take', () => {
  const rows: {
    what: string;
    stream: FakeStream | undefined;
    bounds: [timeoutMs: number, patienceMs: number];
    endsAt: number;
  }[] = [
    {
      what: 'all of it where it has nothing beside it',
      stream: { connecting: true, bytesRead: 0 },
      bounds: [1_000, 1_000],
      endsAt: 1_000,
    },
    {
      what: 'a part of its patience without a connection',
      stream: { connecting: true, bytesRead: 0 },
      bounds: [1_000, 500],
      endsAt: 200,
    },
    {
      what: 'a tenth of a second for a connection at least',
      stream: { connecting: true, bytesRead: 0 },
      bounds: [1_000, 150],
      endsAt: 100,
    },
    {
      what: 'as much before there is a client',
      stream: undefined,
      bounds: [1_000, 250],
      endsAt: 100,
    },
    {
      what: 'its patience without a byte',
      stream: { connecting: false, bytesRead: 0 },
      bounds: [1_000, 250],
      endsAt: 250,
    },
    {
      what: 'all of it once a byte has come',
      stream: { connecting: false, bytesRead: 1 },
      bounds: [1_000, 250],
      endsAt: 1_000,
    },
    {
      what: 'all of it once the server has consented to TLS',
      stream: { connecting: false, bytesRead: 0, encrypted: true },
      bounds: [1_000, 250],
      endsAt: 1_000,
    },
  ];
  it.each(rows)('is $what', async ({ stream, bounds: [timeoutMs, patienceMs], endsAt }) => {
    const clock = new ManualClock();
    const client = stream && clientOn(stream);
    const ends: string[] = [];
    boundQuestion(
      clock,
      { timeoutMs, patienceMs },
      () => client,
      ({ message }) => ends.push(message),
    );
    await clock.advance(endsAt - 1);
    expect(ends).toEqual([]);
    await clock.advance(2_000);
    expect([ends, clock.pending]).toEqual([[`no answer within ${endsAt} ms`], 0]);
  });

  it('ends with the question', async () => {
    const clock = new ManualClock();
    const bounds = { timeoutMs: 1_000, patienceMs: 250 };
    const ends: Error[] = [];
    const timer = boundQuestion(
      clock,
      bounds,
      () => clientOn({ connecting: false, bytesRead: 1 }),
      (error) => ends.push(error),
    );
    await clock.advance(300);
    timer.cancel();
    expect([ends, clock.pending]).toEqual([[], 0]);
  });

  it('begins anew when a server that was shut has opened, which is told', async () => {
    const clock = new ManualClock();
    const opened = vi.fn<() => void>();
    const bounds = {
      timeoutMs: 1_000,
      patienceMs: 1_000,
      signs: { opened, letIn: () => undefined, heard: () => undefined },
    };
    const ends: number[] = [];
    const timer = boundQuestion(
      clock,
      bounds,
      () => undefined,
      () => ends.push(clock.now()),
    );
    await clock.advance(950);
    timer.opened();
    await clock.advance(2_000);
    expect([ends, clock.pending]).toEqual([[1_950], 0]);
    expect(opened).toHaveBeenCalledOnce();
  });
});

describe('the time of a question that may stand in a queue', () => {
  it.each([
    ['is longer from when it was let in', 10_000, 10_500],
    ['is no longer where it has none beyond', undefined, 1_000],
  ])('%s', async (_what, letInMs, endsAt) => {
    const clock = new ManualClock();
    const letIn = vi.fn<() => void>();
    const signs = { opened: () => undefined, letIn, heard: () => undefined };
    const ends: number[] = [];
    const timer = boundQuestion(
      clock,
      { timeoutMs: 1_000, patienceMs: 1_000, letInMs, signs },
      () => undefined,
      () => ends.push(clock.now()),
    );
    await clock.advance(500);
    timer.letIn();
    await clock.advance(20_000);
    expect([ends, clock.pending]).toEqual([[endsAt], 0]);
    expect(letIn).toHaveBeenCalledOnce();
  });
});

describe('a dial that was outrun', () => {
  it.each([
    ['has heard nothing, and a question put 251 ms after it was answered', 0, 251, true],
    ['is too young to tell at 250 ms', 0, 250, false],
    ['is none once a byte has come', 1, 5_000, false],
  ] as const)('%s', (_what, bytesRead, askedAfterMs, outrun) => {
    const seeds = emptyTopology('self', [SERVER], 0);
    const at = 1_000 + askedAfterMs;
    const known = applyObservation(seeds, { kind: 'self', endpoint: SERVER, role: 'replica', at });
    const client = clientOn({ connecting: false, bytesRead });
    expect(isOutrun(client, SERVER, 1_000, known)).toBe(outrun);
    expect(isOutrun(client, SERVER, 1_000, seeds)).toBe(false);
  });
});
