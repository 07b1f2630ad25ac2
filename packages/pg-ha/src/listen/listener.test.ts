import { EventEmitter } from 'node:events';
import { seededRandom, type HaLogger, type Seat, type TopologyChange } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { HaClient } from '../dial/ha-client.ts';
import { Listener } from './listener.ts';
import type { Gap } from './subscription.ts';

/** A connection whose statements are answered when the test says so. */
class FakeClient extends EventEmitter {
  readonly endpoint = { host: 'p', port: 1 };
  readonly generation: number;
  readonly unanswered: { sql: string; answer: () => void; fail: (error: Error) => void }[] = [];
  interrupted = false;

  constructor(generation: number) {
    super();
    this.generation = generation;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  query(sql: string): Promise<void> {
    return new Promise((answer, fail) => this.unanswered.push({ sql, answer, fail }));
  }

  interrupt(): void {
    this.interrupted = true;
    for (const { fail } of this.unanswered.splice(0)) fail(new Error('interrupted'));
  }

  supersededBy({ generation }: { generation: number }): boolean {
    return this.generation < generation;
  }

  suspect(): void {}
}

interface Setup {
  clock: ManualClock;
  listener: Listener;
  clients: FakeClient[];
  /** another primary is followed */
  failOver: () => void;
  /** lets time pass until a connection waits for the answer to a statement */
  asked: (client: number, sql: string) => Promise<void>;
}

function setup(): Setup {
  const clock = new ManualClock(1_000);
  const clients: FakeClient[] = [];
  let topology = { generation: 1 };
  let listeners: ((change: TopologyChange) => void)[] = [];
  const monitor = {
    get topology() {
      return topology;
    },
    onChange: (listener: (change: TopologyChange) => void) => (listeners = [...listeners, listener]),
    whenConfirmed: () => Promise.resolve(),
    trouble: undefined,
  } as unknown as Seat;
  const quiet = (): void => undefined;
  const listener = new Listener({
    monitor,
    clock,
    random: seededRandom(3),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as HaLogger,
    newClient: () => {
      const client = new FakeClient(topology.generation);
      clients.push(client);
      return client as unknown as HaClient;
    },
    failoverWaitMs: 1_000,
    heartbeatMs: 500,
    heartbeatTimeoutMs: 100,
    told: quiet,
  });
  const failOver = (): void => {
    topology = { generation: topology.generation + 1 };
    for (const hear of listeners) hear({ next: topology } as TopologyChange);
  };
  const asked = async (client: number, sql: string): Promise<void> => {
    for (let n = 0; n < 100 && clients[client]?.unanswered[0]?.sql !== sql; n++) await clock.advance(1);
    expect(clients[client]?.unanswered[0]?.sql).toBe(sql);
  };
  return { clock, listener, clients, failOver, asked };
}

describe('a listener', () => {
  let listener: Listener;
  afterEach(() => listener.close());

  it('does not stay with a primary that was replaced while LISTEN was under way', async () => {
    const { clients, failOver, asked, ...all } = setup();
    listener = all.listener;
    const listening = listener.listen('jobs', () => undefined, {});
    await asked(0, 'LISTEN "jobs"');
    failOver();
    clients[0]?.unanswered.shift()?.answer();
    await asked(1, 'LISTEN "jobs"');
    expect(clients[0]?.interrupted).toBe(true);
    clients[1]?.unanswered.shift()?.answer();
    await expect(listening).resolves.toMatchObject({ channel: 'jobs' });
  });

  it('refuses options that are none, and dials for nothing then', async () => {
    const { clients, ...all } = setup();
    listener = all.listener;
    for (const wrong of [{ deadlineMs: 0 }, { deadlineMs: 2 ** 31 }, { maxQueued: 0 }])
      await expect(listener.listen('jobs', () => undefined, wrong)).rejects.toMatchObject({
        code: 'HA_CONFIG',
        message: expect.stringContaining(Object.keys(wrong)[0] ?? '') as unknown,
      });
    expect(clients).toHaveLength(0);
  });

  it('keeps no connection for a call that gave up while it was made', async () => {
    const { clients, clock, asked, ...all } = setup();
    listener = all.listener;
    const first = listener.listen('jobs', () => undefined, { deadlineMs: 20 });
    const refused = expect(first).rejects.toMatchObject({ code: 'HA_NO_PRIMARY' });
    await asked(0, 'LISTEN "jobs"');
    await clock.advance(30);
    await refused;
    clients[0]?.unanswered.shift()?.answer();
    await clock.advance(500);
    expect([clients.length, clients[0]?.interrupted]).toEqual([1, true]);
    const second = listener.listen('jobs', () => undefined, {});
    await asked(1, 'LISTEN "jobs"');
    clients[1]?.unanswered.shift()?.answer();
    await expect(second).resolves.toMatchObject({ channel: 'jobs' });
  });

  it('tells of the time from the last sign of life until it listens again', async () => {
    const { clients, clock, asked, ...all } = setup();
    listener = all.listener;
    const gaps: Gap[] = [];
    const listened = clock.now();
    const listening = listener.listen('jobs', () => undefined, { onGap: (gap) => gaps.push(gap) });
    await asked(0, 'LISTEN "jobs"');
    clients[0]?.unanswered.shift()?.answer();
    await listening;
    await clock.advance(200);
    clients[0]?.emit('error', new Error('reset'));
    await asked(1, 'LISTEN "jobs"');
    clients[1]?.unanswered.shift()?.answer();
    await clock.advance(0);
    const lasted = gaps.map(({ reason, from, to }) => [reason, to.getTime() - from.getTime()]);
    expect(lasted).toEqual([['reconnected', clock.now() - listened]]);
  });
});
