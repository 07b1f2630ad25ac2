import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Breaker } from '../policy/breaker.ts';
import { Deadline } from '../runtime/deadline.ts';
import { ManualClock } from '../runtime/manual-clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Endpoint } from '../topology/endpoint.ts';
import type { Observation } from '../topology/observation.ts';
import { Monitor } from './monitor.ts';
import type { Seat } from './seat.ts';

const ROUTE: Endpoint = { host: 'route', port: 1 };
const PROBE_MS = 1_000;
const LONGEST_PAUSE_MS = 32;

const breaker: Breaker = {
  open: false,
  run: (work) => work(),
  close: () => undefined,
  shutdown: () => undefined,
};

/** How long the server takes to answer to whom the route leads now, ms; Infinity: it never does. */
let answerMs: number;
let role: 'primary' | 'replica';
let asked: number;
let clock: ManualClock;
let monitor: Monitor;
let seat: Seat;
let open: number;
let mostOpen: number;
/** what the server says that was asked last, over the line that stands; undefined: none does */
let standing: 'primary' | 'replica' | undefined;
/** so many more questions are led to a standby, whatever `role` says */
let astray: number;

async function probe(endpoint: Endpoint, timeoutMs: number, patienceMs = timeoutMs): Promise<Observation> {
  const [at, takesMs] = [clock.now(), answerMs];
  asked += 1;
  mostOpen = Math.max(mostOpen, (open += 1));
  const reached = astray-- > 0 ? 'replica' : role;
  await sleep(clock, Math.min(takesMs, patienceMs));
  open -= 1;
  return takesMs > patienceMs
    ? { kind: 'unreachable', endpoint, reason: 'no answer', at }
    : { kind: 'self', endpoint, role: reached, epoch: 1, at };
}

async function recall(endpoint: Endpoint): Promise<Observation | undefined> {
  await sleep(clock, 1);
  return standing && { kind: 'self', endpoint, role: standing, epoch: 1, at: clock.now() };
}

beforeEach(() => {
  [standing, astray] = [undefined, 0];
  [answerMs, role, open, mostOpen, asked] = [Infinity, 'primary', 0, 0, 0];
  clock = new ManualClock();
  monitor = new Monitor({
    name: 'test',
    clock,
    random: seededRandom(3),
    rule: 'route',
    seeds: [ROUTE],
    resolvers: [],
    prober: { probe, recall, rest: () => undefined, close: () => undefined },
    refreshMs: 5_000,
    searchMinMs: 25,
    searchMaxMs: 250,
    probeTimeoutMs: PROBE_MS,
    resolveTimeoutMs: 1_000,
  });
  seat = monitor.seat({ clock, breaker, maxWaiting: 10 });
});
afterEach(() => monitor.close());

/** After how long a call is let go, ms. */
async function found(withinMs: number): Promise<number> {
  const since = clock.now();
  let at = Infinity;
  const wait = seat.whenPrimary(Deadline.after(clock, withinMs)).then(() => (at = clock.now() - since));
  await clock.advance(withinMs);
  await wait;
  return at;
}

describe('a search through a route', () => {
  it('reaches a server that answers within two pauses, however many questions hang at others', async () => {
    seat.start();
    await clock.advance(10_000);
    answerMs = 5;
    expect(await found(1_000)).toBeLessThanOrEqual(2 * LONGEST_PAUSE_MS + 5);
  });

  it('finds the server promoted that it reached last, over the line that stands, while logins are slow', async () => {
    [answerMs, role, standing] = [900, 'replica', 'replica'];
    seat.start();
    await clock.advance(5_000);
    expect(monitor.state).toBe('searching');
    standing = 'primary';
    expect(await found(1_000)).toBeLessThanOrEqual(2 * LONGEST_PAUSE_MS);
  });

  it('asks on at once where it is led to standbys in turn, two side by side', async () => {
    [answerMs, astray] = [2, 4];
    expect(await found(1_000)).toBeLessThanOrEqual(3 * 2 + 1);
    expect(mostOpen).toBe(2);
  });

  it('asks on at the pace of the search where it is led to nothing but standbys', async () => {
    [answerMs, role] = [2, 'replica'];
    seat.start();
    await clock.advance(10_000);
    expect(asked).toBeGreaterThan(10_000 / LONGEST_PAUSE_MS / 2);
    expect(asked).toBeLessThan(10_000 / 20);
  });

  it('has a limit on the questions that hang', async () => {
    seat.start();
    await clock.advance(10_000);
    expect(mostOpen).toBeGreaterThan(2);
    expect(mostOpen).toBeLessThanOrEqual(6);
  });

  it('has patience with a server that is slow with everybody', async () => {
    seat.start();
    await clock.advance(3_000);
    answerMs = 600;
    expect(await found(5_000)).toBeLessThanOrEqual(PROBE_MS + LONGEST_PAUSE_MS + 600);
  });

  it('is not itself what makes a server slow', async () => {
    [answerMs, role] = [10, 'replica'];
    seat.start();
    await clock.advance(1_000);
    expect(asked).toBeGreaterThan(20);
    [answerMs, asked] = [300, 0];
    await clock.advance(10_000);
    expect(asked).toBeLessThan(20);
    [answerMs, asked] = [10, 0];
    await clock.advance(10_000);
    expect(asked).toBeGreaterThan(200);
  });

  it('does not take a slow answer for the end of a primary that is followed', async () => {
    answerMs = 600;
    await found(1_000);
    monitor.suspect('a sign');
    await clock.advance(599);
    expect(monitor.state).toBe('checking');
    await clock.advance(1_000);
    expect(monitor.state).toBe('steady');
  });
});
