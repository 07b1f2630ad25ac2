import type { MonitorState } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { HaClient } from '../dial/ha-client.ts';
import type { Identity } from '../dial/identity.ts';
import { Spare, spareFirst } from './spare.ts';

const NAME = { host: 'db.example', port: 5432 };
const BOUNDS = { timeoutMs: 1_000, patienceMs: 250 };

/** A connection as a spare sees it: `answers` says what its server is. */
class FakeClient {
  asked = Promise.withResolvers<Identity>();
  _queryable = true;
  readonly _ending = false;
  readonly connection = { stream: { writable: true } };
  closed = false;

  scout(): Promise<Identity> {
    return this.asked.promise;
  }

  answers(role: Identity['role']): void {
    this.asked.resolve({ role, timeline: 2, systemId: '1' });
  }

  interrupt(): void {
    this.closed = true;
    this.asked.reject(new Error('the socket was closed'));
    this._queryable = false;
  }
}

interface Setup {
  clock: ManualClock;
  spare: Spare;
  pool: { waiting: number; mustDial: boolean; state: MonitorState };
  clients: FakeClient[];
}

function setup(): Setup {
  const clock = new ManualClock();
  const pool = { waiting: 1, mustDial: true, state: 'searching' as MonitorState };
  const clients: FakeClient[] = [];
  const newClient = (): HaClient => {
    const client = new FakeClient();
    clients.push(client);
    return client as unknown as HaClient;
  };
  const spare = new Spare({ monitor: pool, clock, mustDial: () => pool.mustDial, newClient });
  return { clock, spare, pool, clients };
}

/** Asks, and has the server answer. */
async function ask({ spare, clients }: Setup, role: Identity['role']): Promise<FakeClient | undefined> {
  const asked = spare.ask(NAME, BOUNDS, false);
  clients.at(-1)?.answers(role);
  await asked;
  return clients.at(-1);
}

describe('a connection to spare', () => {
  const rows: { what: string; waiting: number; mustDial: boolean; wanted: boolean }[] = [
    { what: 'is wanted where a call waits and nothing is idle', waiting: 1, mustDial: true, wanted: true },
    { what: 'is not wanted where nobody waits', waiting: 0, mustDial: true, wanted: false },
    { what: 'is not wanted where the pool needs none', waiting: 1, mustDial: false, wanted: false },
  ];
  it.each(rows)('$what', ({ wanted, ...state }) => {
    const { spare, pool } = setup();
    Object.assign(pool, state);
    expect(spare.wanted).toBe(wanted);
  });

  it('is the one that found the primary, and is taken once', async () => {
    const all = setup();
    const found = await ask(all, 'primary');
    expect([all.spare.wanted, all.spare.take(), all.spare.take()]).toEqual([false, found, undefined]);
    expect([found?.closed, all.clock.pending]).toEqual([false, 0]);
  });

  it('is closed where its server is a standby, and where another was first', async () => {
    const all = setup();
    all.pool.state = 'steady';
    expect(await ask(all, 'replica')).toMatchObject({ closed: true });
    expect(all.spare.take()).toBeUndefined();
    const late = all.spare.ask(NAME, BOUNDS, false);
    const [, first] = all.clients;
    const second = await ask(all, 'primary');
    first?.answers('primary');
    await late;
    expect([first?.closed, second?.closed, all.spare.take()]).toEqual([true, false, second]);
  });

  it('is closed where nobody takes it, or its link has ended, or the pool has', async () => {
    const all = setup();
    const { clock, spare, clients } = all;
    const left = await ask(all, 'primary');
    await clock.advance(1_000);
    expect([left?.closed, spare.take()]).toEqual([true, undefined]);
    const broken = await ask(all, 'primary');
    if (broken) broken._queryable = false;
    expect(spare.take()).toBeUndefined();
    const kept = await ask(all, 'primary');
    const asked = spare.ask(NAME, BOUNDS, false);
    spare.close();
    await expect(asked).rejects.toMatchObject({ code: 'HA_CLOSED' });
    expect([kept?.closed, clients.at(-1)?.closed]).toEqual([true, true]);
  });

  it('is the one on which a member was asked as a standby, once that has been promoted', async () => {
    const { spare, clients, clock } = setup();
    const asked = spare.ask(NAME, BOUNDS, true);
    const [line] = clients;
    line?.answers('replica');
    await asked;
    expect([line?.closed, spare.take()]).toEqual([false, undefined]);
    if (line) line.asked = Promise.withResolvers();
    const again = spare.ask(NAME, BOUNDS, true);
    line?.answers('primary');
    await again;
    spare.rest();
    expect([clients.length, line?.closed, spare.take(), clock.pending]).toEqual([1, false, line, 0]);
  });

  it('is the one on which a standby behind a route is asked again, until a newer one leads there', async () => {
    const all = setup();
    const { spare, clients } = all;
    expect(spare.recall(NAME, BOUNDS)).toBeUndefined();
    await ask(all, 'replica');
    const second = await ask(all, 'replica');
    expect(clients.map(({ closed }) => closed)).toEqual([true, false]);
    if (second) second.asked = Promise.withResolvers();
    const recalled = spare.recall(NAME, BOUNDS);
    expect(spare.recall(NAME, BOUNDS)).toBeUndefined(); // it is being asked
    second?.answers('primary');
    expect(await recalled).toMatchObject({ role: 'primary' });
    expect([spare.take(), clients.length]).toEqual([second, 2]);
  });

  it('leaves no connection to members once the search is over, nor uses one that has broken', async () => {
    const { spare, clients, pool } = setup();
    const ask = async (): Promise<void> => {
      const asked = spare.ask(NAME, BOUNDS, true);
      clients.at(-1)?.answers('replica');
      await asked;
    };
    await ask();
    const [first] = clients;
    if (first) first._queryable = false;
    await ask();
    expect(clients).toHaveLength(2);
    pool.state = 'steady';
    expect(spare.eager).toBe(false);
    spare.rest();
    expect(clients[1]?.closed).toBe(true);
  });

  it('is made anew for a member that did not answer the last time', async () => {
    const { spare, clients } = setup();
    const failed = spare.ask(NAME, BOUNDS, true);
    clients[0]?.asked.reject(new Error('no answer within 1000 ms'));
    await expect(failed).rejects.toThrow('no answer');
    const asked = spare.ask(NAME, BOUNDS, true);
    clients[1]?.answers('replica');
    expect(await asked).toMatchObject({ role: 'replica' });
  });

  it('is what pg-pool gets when it makes a client, instead of a new one', async () => {
    const all = setup();
    const Client = spareFirst(FakeClient as unknown as new () => HaClient, all.spare);
    const found = await ask(all, 'primary');
    expect(new Client()).toBe(found);
    const made = new Client() as unknown;
    expect([made === found, made instanceof FakeClient]).toEqual([false, true]);
  });
});
