import { EventEmitter } from 'node:events';
import {
  applyObservation,
  emptyTopology,
  HaError,
  seededRandom,
  type HaLogger,
  type Seat,
  type TopologyChange,
} from '@steadfast/shared';
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

  constructor(generation: number, refusal?: Error) {
    super();
    this.#connected = refusal ? Promise.reject(refusal) : Promise.resolve();
    this.#connected.catch(() => undefined);
    this.generation = generation;
  }

  readonly #connected: Promise<void>;

  connect(): Promise<void> {
    return this.#connected;
  }

  query(sql: string): Promise<void> {
    return new Promise((answer, fail) => this.unanswered.push({ sql, answer, fail }));
  }

  interrupt(): void {
    if (this.interrupted) return;
    this.interrupted = true;
    for (const { fail } of this.unanswered.splice(0)) fail(new Error('interrupted'));
    this.emit('end');
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
  /** another primary is followed, which was known to be a standby until then */
  failOver: (standbyUntil?: number) => void;
  /** lets time pass until a connection waits for the answer to a statement */
  asked: (client: number, sql: string) => Promise<void>;
  /** why servers let nobody in */
  refused: { error: HaError | undefined };
}

function setup({ rereadsPassword = false } = {}): Setup {
  const clock = new ManualClock(1_000);
  const clients: FakeClient[] = [];
  const endpoint = { host: 'n', port: 1 };
  let topology = emptyTopology('self', [endpoint], 0);
  topology = { ...topology, generation: 1 };
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
  const refused: Setup['refused'] = { error: undefined };
  const listener = new Listener({
    monitor,
    clock,
    random: seededRandom(3),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet } as unknown as HaLogger,
    newClient: () => {
      const client = new FakeClient(topology.generation, refused.error);
      clients.push(client);
      return client as unknown as HaClient;
    },
    failoverWaitMs: 1_000,
    rereadsPassword,
    heartbeatMs: 500,
    heartbeatTimeoutMs: 100,
    told: quiet,
  });
  const failOver: Setup['failOver'] = (standbyUntil) => {
    if (standbyUntil !== undefined)
      topology = applyObservation(topology, { kind: 'self', endpoint, role: 'replica', at: standbyUntil });
    const previous = topology;
    topology = applyObservation(previous, { kind: 'self', endpoint, role: 'primary', at: clock.now() });
    for (const hear of listeners) hear({ previous, next: topology, reason: 'probe' });
  };
  const asked = async (client: number, sql: string): Promise<void> => {
    for (let n = 0; n < 100 && clients[client]?.unanswered[0]?.sql !== sql; n++) await clock.advance(1);
    expect(clients[client]?.unanswered[0]?.sql).toBe(sql);
  };
  return { clock, listener, clients, failOver, asked, refused };
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

  const wrongPassword = new HaError('HA_AUTH', 'password authentication failed', { outcome: 'notSent' });

  it('that no server lets in says so at once, and dials no more for it', async () => {
    const { clock, clients, refused, ...all } = setup();
    listener = all.listener;
    refused.error = wrongPassword;
    const told = expect(listener.listen('jobs', () => undefined, {})).rejects.toBe(wrongPassword);
    await clock.advance(20);
    await told;
    await clock.advance(5_000);
    expect(clients).toHaveLength(1);
  });

  it('waits for a password that is read anew, and for one that has listened before, and asks once a second', async () => {
    for (const before of [false, true]) {
      const { clock, clients, refused, asked, ...all } = setup({ rereadsPassword: !before });
      listener = all.listener;
      if (!before) refused.error = wrongPassword;
      const listening = listener.listen('jobs', () => undefined, { deadlineMs: 60_000 });
      if (before) {
        await asked(0, 'LISTEN "jobs"');
        clients[0]?.unanswered.shift()?.answer();
        await listening;
        refused.error = wrongPassword;
        clients[0]?.emit('error', new Error('reset'));
      }
      await clock.advance(9_500);
      expect([clients.length >= 9, clients.length <= 12]).toEqual([true, true]);
      refused.error = undefined;
      for (let n = 0; n < 150 && clients.at(-1)?.unanswered.length === 0; n++) await clock.advance(10);
      clients.at(-1)?.unanswered.shift()?.answer();
      await clock.advance(0);
      await expect(listening).resolves.toMatchObject({ channel: 'jobs' });
      expect(clients.at(-1)?.interrupted).toBe(false);
      listener.close();
    }
  });

  it.each([
    ['from the last moment at which the new primary was a standby', 150, 150],
    ['from when it began to listen, where nobody knows since when there were two', undefined, 0],
    ['from the last sign of life, where the new one was a standby after that', 900, 500],
  ])(
    'of a primary that lives on beside the new one tells of a gap %s',
    async (_what, standbyAfter, gapAfter) => {
      const { clients, clock, asked, failOver, ...all } = setup();
      listener = all.listener;
      const gaps: Gap[] = [];
      const opened = clock.now();
      const listening = listener.listen('jobs', () => undefined, { onGap: (gap) => gaps.push(gap) });
      await asked(0, 'LISTEN "jobs"');
      clients[0]?.unanswered.shift()?.answer();
      await listening;
      for (let beats = 0; beats < 2; beats++) {
        await clock.advance(500);
        await asked(0, '');
        clients[0]?.unanswered.shift()?.answer();
        await clock.advance(0);
      }
      failOver(standbyAfter === undefined ? undefined : opened + standbyAfter);
      await asked(1, 'LISTEN "jobs"');
      clients[1]?.unanswered.shift()?.answer();
      await clock.advance(0);
      const began = gaps.map(({ to, from }) => clock.now() - (to.getTime() - from.getTime()));
      expect(began).toHaveLength(1);
      expect(Math.abs((began[0] ?? 0) - opened - gapAfter)).toBeLessThanOrEqual(1);
    },
  );

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
