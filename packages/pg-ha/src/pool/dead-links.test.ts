import type pg from 'pg';
import {
  applyObservation,
  emptyTopology,
  type Endpoint,
  type EpochRule,
  type HaLogger,
  type Topology,
} from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HaClient } from '../dial/ha-client.ts';
import type { ProbeLines } from '../discovery/probe-lines.ts';
import { DeadLinks, followedServer } from './dead-links.ts';

const PRIMARY: Endpoint = { host: 'p', port: 1 };
const FOUND = { kind: 'self', endpoint: PRIMARY, role: 'primary', epoch: 1 } as const;

/** A link with work on it. */
class FakeClient {
  readonly processID: number | null;
  endpoint = PRIMARY;
  busy = true;
  bytesRead = 7;
  readonly connection = { stream: { writableLength: 0 } };
  cut: string | undefined;

  constructor(pid: number | null = 11) {
    this.processID = pid;
  }

  interrupt({ message, outcome }: { message: string; outcome: string }): void {
    this.cut = `${outcome}: ${message}`;
  }
}

interface Setup {
  clock: ManualClock;
  /** the sessions that work, and what the server calls the one that asks */
  server: { working: string; self: string; standby: string; fails: boolean };
  asked: number[][];
  /** when it was tried to ask */
  tried: number[];
  /** time passes, the links are looked at every 250 ms */
  silent: (clients: FakeClient[], fromMs: number, toMs: number) => Promise<void>;
  lose: () => void;
  find: () => void;
}

/** What happens while the server is asked. */
let meanwhile: () => void;
beforeEach(() => {
  meanwhile = () => undefined;
});

function setup(rule: EpochRule = 'self'): Setup {
  const clock = new ManualClock();
  const server = { working: '', self: '99', standby: 'false', fails: false };
  const asked: number[][] = [];
  const tried: number[] = [];
  let topology: Topology = applyObservation(emptyTopology(rule, [PRIMARY], 0), { ...FOUND, at: 0 });
  const prober = {
    processID: 99,
    query: (_sql: string, [pids]: [number[]]) => {
      asked.push(pids);
      meanwhile();
      return Promise.resolve({ rows: [server] });
    },
  };
  const lines = {
    ask: <T>(_endpoint: Endpoint, _bounds: unknown, question: (client: pg.Client) => Promise<T>) => {
      tried.push(clock.now());
      return server.fails ? Promise.reject(new Error('refused')) : question(prober as unknown as pg.Client);
    },
    close: () => undefined,
  } as unknown as ProbeLines;
  const monitor = {
    get topology() {
      return topology;
    },
  };
  const log = { debug: () => undefined } as unknown as HaLogger;
  const links = new DeadLinks({
    serverOf: (client) => followedServer(client, monitor),
    throughRoute: rule === 'route',
    clock,
    log,
    lines,
    timeoutMs: 1_000,
  });
  const silent: Setup['silent'] = async (clients, fromMs, toMs) => {
    for (let ms = fromMs; ms <= toMs; ms += 250) {
      await clock.advance(250);
      for (const client of clients) if (!client.cut) links.heardNothing(client as unknown as HaClient, ms);
      links.look();
      await clock.advance(0);
    }
  };
  const lose = (): void => {
    const at = clock.now();
    topology = applyObservation(topology, { kind: 'unreachable', endpoint: PRIMARY, reason: 'gone', at });
  };
  const find = (): void => void (topology = applyObservation(topology, { ...FOUND, at: clock.now() }));
  return { clock, server, asked, tried, silent, lose, find };
}

describe('a link that is silent with work on it', () => {
  it('is given up when its server waits for a statement there: all such links with one question', async () => {
    const { asked, silent, server } = setup();
    const [dead, alive] = [new FakeClient(11), new FakeClient(12)];
    server.working = '12,13';
    await silent([dead, alive], 1_000, 2_750);
    expect(asked).toEqual([]);
    await silent([dead, alive], 3_000, 3_000);
    expect(asked).toEqual([[11, 12]]);
    expect([dead.cut, alive.cut]).toEqual([expect.stringMatching(/^unknown: the link has died/), undefined]);
  });

  it('is asked about again when the silence has doubled, or a byte has come and a new one begun', async () => {
    const { asked, silent, server } = setup();
    const slow = new FakeClient();
    server.working = '11';
    await silent([slow], 3_000, 5_750);
    expect(asked).toHaveLength(1);
    await silent([slow], 6_000, 11_750);
    expect(asked).toHaveLength(2);
    slow.bytesRead += 1;
    await silent([slow], 1_000, 3_000);
    expect(asked).toHaveLength(3);
  });

  it('is left alone while its statement is still being sent, and for as long afterwards as the rest may be on its way', async () => {
    const { asked, silent } = setup();
    const large = new FakeClient();
    large.connection.stream.writableLength = 1;
    await silent([large], 1_000, 20_000);
    large.connection.stream.writableLength = 0;
    await silent([large], 20_250, 22_750);
    expect(asked).toEqual([]);
    await silent([large], 23_000, 23_250);
    expect(asked).toHaveLength(1);
  });

  it('is left alone where it speaks, or has been answered, while the server is asked', async () => {
    const { silent } = setup();
    const [speaks, answered] = [new FakeClient(11), new FakeClient(12)];
    meanwhile = () => {
      speaks.bytesRead += 1;
      answered.busy = false;
    };
    await silent([speaks, answered], 3_000, 3_000);
    expect([speaks.cut, answered.cut]).toEqual([undefined, undefined]);
  });

  it('is left alone behind a pooler, which tells of other sessions', async () => {
    const { asked, silent, server } = setup();
    server.self = '12345';
    const client = new FakeClient();
    await silent([client], 3_000, 3_000);
    expect([asked.length, client.cut]).toEqual([1, undefined]);
  });

  it('is left alone where the route leads the question to a standby, and asked about again a little later', async () => {
    const { asked, silent, server } = setup('route');
    const client = new FakeClient();
    server.standby = 'true';
    await silent([client], 3_000, 3_500);
    expect([asked.length, client.cut]).toEqual([1, undefined]);
    server.standby = 'false';
    await silent([client], 3_750, 4_000);
    expect([asked.length, client.cut]).toEqual([2, expect.stringMatching(/^unknown: the link has died/)]);
  });

  it('is judged by its one server also where that is a standby', async () => {
    const { silent, server } = setup();
    const client = new FakeClient();
    server.standby = 'true';
    await silent([client], 3_000, 3_000);
    expect(client.cut).toBeDefined();
  });

  it('is left alone where the server names no session, or another one is the primary', async () => {
    const { asked, silent } = setup();
    const elsewhere = Object.assign(new FakeClient(), { endpoint: { host: 'q', port: 1 } });
    await silent([new FakeClient(null), elsewhere], 3_000, 6_000);
    expect(asked).toEqual([]);
  });

  it('is asked about again a little later where the question failed, and less and less often', async () => {
    const { tried, silent, server } = setup();
    const dead = new FakeClient();
    server.fails = true;
    await silent([dead], 3_000, 30_000);
    expect(tried.length).toBeLessThanOrEqual(11);
    server.fails = false;
    await silent([dead], 30_250, 38_000);
    expect(dead.cut).toBeDefined();
  });

  it('that all others shared is given as long as that lasted: the kernel may deliver until then', async () => {
    const { asked, silent, lose, find } = setup();
    const client = new FakeClient();
    lose();
    await silent([client], 250, 5_000);
    find();
    await silent([client], 5_250, 9_750);
    expect(asked).toEqual([]);
    await silent([client], 10_000, 10_250);
    expect(asked).toHaveLength(1);
    expect(client.cut).toBeDefined();
  });
});
