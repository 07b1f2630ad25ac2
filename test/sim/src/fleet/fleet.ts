import type { Clock, Endpoint, Observation } from '@steadfast/shared';
import { EventClock } from '../time/event-clock.ts';
import { ControlPlane } from './control-plane.ts';
import type { FleetKind } from './kinds.ts';
import { NewPrimary } from './new-primary.ts';
import { Process } from './process.ts';
import { Tally } from './tally.ts';

export interface FleetRun {
  readonly processes: number;
  readonly paced: boolean;
  /** dials of the pools, by the second in the busiest moment, and at once */
  readonly busiestDials: number;
  readonly mostDialsOpen: number;
  /** packets to the new primary that ask for a connection, let in or not, whoever sends them */
  readonly busiestKnocks: number;
  /** logins that it has made, and those of them that nobody waited for any more */
  readonly logins: number;
  readonly inVain: number;
  readonly busiestPlane: number;
  /** questions to one of the control plane's services, by the second, from the loss to the promotion */
  readonly meanPlane: number;
  /** from the promotion to a process's first connection, and to its last, ms */
  readonly first: readonly number[];
  readonly last: readonly number[];
}

const OLD: Endpoint = { host: 'old', port: 1 };
const NEW: Endpoint = { host: 'new', port: 1 };
const STEADY_MS = 2_000;
const OUTAGE_MS = 1_500;
/** What has not come back by then is counted as that, ms. */
const LIMIT_MS = 60_000;

/** All processes lose their primary at once; another takes work a while later, and all want their connections back. */
export async function runFleet(kind: FleetKind, processes: number, paced: boolean): Promise<FleetRun> {
  const time = new EventClock();
  const clock = time.share();
  const plane = new ControlPlane(clock, kind, OLD);
  const server = new NewPrimary(clock, kind, processes);
  const dials = new OpenDials(clock);
  let lost = false;
  const free = (endpoint: Endpoint, at: number): Observation | undefined => {
    if (!lost) return selfOf(kind, endpoint, endpoint === OLD ? 'primary' : 'replica', at);
    return endpoint === OLD ? { kind: 'unreachable', endpoint, reason: 'refused', at } : undefined;
  };
  const self = (endpoint: Endpoint, at: number): Observation =>
    selfOf(kind, endpoint, server.promoted ? 'primary' : 'replica', at);
  const common = {
    clock,
    kind,
    processes,
    paced,
    server,
    free,
    self,
    seeds: [OLD, NEW],
    dialling: () => dials.begin(),
  };
  const all = Array.from(
    { length: processes },
    (_, n) => new Process({ ...common, seed: n + 1, resolver: plane.resolver(n) }),
  );
  await time.run(STEADY_MS);
  lost = true;
  const most = (): number => Math.max(...plane.asked.map(({ total }) => total));
  const before = most();
  for (const process of all) process.lose();
  await time.run(STEADY_MS + OUTAGE_MS + Math.min(0, kind.namedMs));
  if (kind.namedMs < 0) plane.name(NEW);
  await time.run(STEADY_MS + OUTAGE_MS);
  server.promoted = true;
  const promotedAt = time.now();
  const meanPlane = ((most() - before) * 1_000) / OUTAGE_MS;
  if (kind.namedMs >= 0) clock.timer(kind.namedMs, () => plane.name(NEW));
  const away = [...all];
  const allBack = (): boolean => {
    while (away.at(-1)?.isBack) away.pop();
    return away.length === 0;
  };
  await time.run(promotedAt + LIMIT_MS, allBack);
  const recovered = (pick: (process: Process) => number | undefined): number[] =>
    all.map((process) => (pick(process) ?? Infinity) - promotedAt).toSorted((a, b) => a - b);
  const run = {
    processes,
    paced,
    busiestDials: dials.begun.busiestPerSecond,
    mostDialsOpen: dials.most,
    busiestKnocks: server.knocks.busiestPerSecond,
    logins: server.logins.total,
    inVain: server.inVain,
    busiestPlane: Math.max(...plane.asked.map(({ busiestPerSecond }) => busiestPerSecond)),
    meanPlane,
    first: recovered(({ back }) => back[0]),
    last: recovered(({ back, isBack }) => (isBack ? back.at(-1) : undefined)),
  };
  await Promise.all(all.map((process) => process.close()));
  return run;
}

function selfOf(
  { rule }: FleetKind,
  endpoint: Endpoint,
  role: 'primary' | 'replica',
  at: number,
): Observation {
  const timeline = endpoint === OLD ? 1 : 2;
  return {
    kind: 'self',
    endpoint,
    role,
    epoch: rule === 'self' && role === 'primary' ? timeline : undefined,
    at,
  };
}

/** The dials of all pools. */
class OpenDials {
  readonly begun = new Tally();
  most = 0;
  #open = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One begins; returns how it ends. */
  begin(): () => void {
    this.begun.add(this.#clock.now());
    this.#open += 1;
    this.most = Math.max(this.most, this.#open);
    return () => void (this.#open -= 1);
  }
}
