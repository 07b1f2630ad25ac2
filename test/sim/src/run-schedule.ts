import { AppProcess } from './client/app-process.ts';
import type { Result } from './client/call.ts';
import { REAL_PARTS, type Parts } from './client/parts.ts';
import { Invariants } from './check/invariants.ts';
import { judge, type Ended } from './check/verdict.ts';
import { begin } from './schedule/faults.ts';
import type { PlannedCall, Schedule, StrategyName } from './schedule/schedule.ts';
import { useSimulatedTimers } from './time/global-timers.ts';
import { PatroniPlane } from './world/patroni.ts';
import type { Plane } from './world/plane.ts';
import { BalancerPlane, NamePlane } from './world/routes.ts';
import { SentinelPlane } from './world/sentinels.ts';
import { Supervisor } from './world/supervisor.ts';
import { World, type Violation } from './world/world.ts';

/** What came of one schedule. */
export interface Run {
  readonly violation: Violation | undefined;
  /** equal for equal runs */
  readonly hash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly ok: number;
  readonly failed: number;
  /** how long after a promotion it was followed, where nothing else was wrong */
  readonly followMs: readonly number[];
  readonly trace: readonly string[];
}

/** After the last fault has ended: the control plane's own time, and ours. */
const SETTLE_MS = 4_500;
/** By then the calls that are made when all is well again must have succeeded, ms. */
const LAST_CALLS_MS = 10_000;
/** A call later than this is late, ms. */
const LATE_MS = 50;

/** Plays a schedule against the client made of `parts`, and says whether every promise was kept. */
export async function runSchedule(
  schedule: Schedule,
  parts: Parts = REAL_PARTS,
  tells = false,
): Promise<Run> {
  const { seed, members, synchronous, latencyMs, jitterMs, strategy } = schedule;
  const epochless = strategy === 'sentinel';
  const exact = synchronous && !schedule.faults.some(({ name }) => name.startsWith('usurper'));
  const world = new World({ seed, members, synchronous, epochless, exact, latencyMs, jitterMs, tells });
  const restore = useSimulatedTimers(world.app);
  try {
    return await new Play(world, schedule, parts, exact).run();
  } finally {
    restore();
  }
}

class Play {
  readonly #world: World;
  readonly #schedule: Schedule;
  readonly #exact: boolean;
  readonly #plane: Plane;
  readonly #supervisor: Supervisor | undefined;
  readonly #invariants: Invariants;
  readonly #process: AppProcess;
  readonly #ended: Ended[] = [];
  #open = 0;

  constructor(world: World, schedule: Schedule, parts: Parts, exact: boolean) {
    const { settings, seed, strategy, ttlMs, synchronous } = schedule;
    this.#world = world;
    this.#schedule = schedule;
    this.#exact = exact;
    this.#supervisor = strategy === 'sentinel' ? undefined : new Supervisor(world, { ttlMs, synchronous });
    this.#plane = planeOf(strategy, world, this.#supervisor, ttlMs);
    this.#invariants = new Invariants(world, this.#plane, settings);
    this.#process = new AppProcess(world, this.#plane, settings, parts, seed + 2, this.#invariants);
    this.#invariants.watch(this.#process);
    world.everyTick(() => this.#invariants.tick());
  }

  async run(): Promise<Run> {
    const { faults, calls, healedMs, ttlMs } = this.#schedule;
    const { clock, random, app } = this.#world;
    const endPool = (): void => this.#endPool();
    const stage = { world: this.#world, plane: this.#plane, supervisor: this.#supervisor, random, endPool };
    for (const fault of faults)
      clock.timer(fault.atMs, () => {
        const end = begin(stage, fault);
        clock.timer(fault.lastsMs, end);
      });
    calls.forEach((call, work) => app.timer(call.atMs, () => this.#call(call, work)));
    await this.#until(healedMs + ttlMs + SETTLE_MS);
    await this.#lastCalls();
    await this.#rest();
    await this.#close();
    judge({
      world: this.#world,
      exact: this.#exact,
      calls: [...calls, ...this.#last],
      ended: this.#ended,
      leader: this.#supervisor?.leader,
    });
    return this.#result();
  }

  readonly #last: PlannedCall[] = [];
  readonly #gone = new Set<number>();

  /** The last of several; the first is never ended. */
  #endPool(): void {
    const last = this.#process.pools.length - 1;
    if (last === 0 || this.#gone.has(last)) return;
    this.#gone.add(last);
    this.#process.endPool(last);
  }

  /** All is well again: whoever calls now is served. */
  async #lastCalls(): Promise<void> {
    const { app } = this.#world;
    const first = this.#schedule.calls.length;
    this.#process.pools.forEach((_, pool) => {
      if (this.#gone.has(pool)) return;
      for (const kind of ['write', 'proof', 'read'] as const)
        this.#last.push({ atMs: app.now(), pool, kind, deadlineMs: LAST_CALLS_MS, abortAfterMs: undefined });
    });
    this.#last.forEach((call, n) => this.#call(call, first + n));
    await this.#until(app.now() + LAST_CALLS_MS + 2 * LATE_MS, () => this.#open === 0);
    const failed = this.#ended.find(({ work, result }) => work >= first && result.is !== 'ok');
    if (failed)
      this.#world.violate('liveness', `call ${failed.work} fails when all is well: ${text(failed.result)}`);
    if (this.#open > 0) this.#world.violate('stuck', `${this.#open} calls have not ended`);
  }

  /** P8 and P7: while nothing happens, nothing is asked beyond the slow refresh. */
  async #rest(): Promise<void> {
    const { app } = this.#world;
    const { refreshMs } = this.#schedule.settings;
    await this.#until(app.now() + 2 * refreshMs); // what the last calls have brought up
    const { prober, resolver } = this.#process;
    const before = { probes: prober.asked.probes, asked: resolver.asked };
    const restMs = 3 * refreshMs;
    await this.#until(app.now() + restMs);
    const rounds = Math.ceil(restMs / (0.75 * refreshMs)) + 1;
    const each =
      this.#plane.ask === undefined && !this.#plane.find
        ? Math.max(1, this.#process.monitor.topology.members.size)
        : 1;
    const probes = prober.asked.probes - before.probes;
    const asked = resolver.asked - before.asked;
    // The name has a watch of its own, a look a second, and looks closely after each question.
    const looks = this.#plane.find ? restMs / 1_000 + 10 * rounds : rounds;
    if (probes > rounds * each)
      this.#world.violate('rest', `${probes} probes in ${restMs} ms of rest, ${rounds * each} may be`);
    if (asked > looks)
      this.#world.violate('rest', `${asked} questions to the control plane in ${restMs} ms of rest`);
  }

  async #close(): Promise<void> {
    const { app } = this.#world;
    await this.#process.close();
    await this.#until(app.now() + 100);
    if (app.pending > 0) this.#world.violate('timers', `${app.pending} timers are left after close()`);
  }

  #call(call: PlannedCall, work: number): void {
    const { app, clock, trace } = this.#world;
    const { kind, pool, deadlineMs, abortAfterMs } = call;
    const since = app.now();
    const abort = abortAfterMs === undefined ? undefined : new AbortController();
    if (abort) app.timer(abortAfterMs ?? 0, () => abort.abort());
    let open = true;
    this.#open += 1;
    trace.note('call', work, kind, deadlineMs?.toFixed(0));
    void this.#process.call(pool, { kind, work, deadlineMs, signal: abort?.signal }).then((result) => {
      open = false;
      this.#open -= 1;
      trace.note('ended', work, kind, text(result));
      this.#ended.push({ work, kind, result });
      this.#invariants.ended(work, kind, result, since);
      if (result.is === 'failed' && kind !== 'proof' && result.outcome !== 'unknown')
        this.#world.ledger.deny(work, result.outcome);
    });
    if (deadlineMs === undefined) return;
    const check = (): void => {
      const stalledMs = app.stalledUntil + LATE_MS - app.now();
      if (!open) return;
      if (stalledMs > 0) return void clock.timer(stalledMs + 1, check);
      this.#world.violate(
        'deadline',
        `call ${work} goes on after its deadline of ${deadlineMs.toFixed(0)} ms`,
      );
    };
    clock.timer(deadlineMs + LATE_MS, check);
  }

  #until(ms: number, done: () => boolean = () => false): Promise<void> {
    return this.#world.time.run(ms, () => {
      this.#invariants.step();
      return this.#world.violation !== undefined || done();
    });
  }

  #result(): Run {
    const { violation, trace, time } = this.#world;
    const ok = this.#ended.filter(({ result }) => result.is === 'ok').length;
    return {
      violation,
      hash: trace.hash,
      events: time.events,
      simulatedMs: time.now(),
      ok,
      failed: this.#ended.length - ok,
      followMs: this.#invariants.followMs,
      trace: trace.lines,
    };
  }
}

function planeOf(
  strategy: StrategyName,
  world: World,
  supervisor: Supervisor | undefined,
  ttlMs: number,
): Plane {
  if (!supervisor || strategy === 'sentinel') return new SentinelPlane(world, ttlMs);
  switch (strategy) {
    case 'patroni':
    case 'hosts':
      return new PatroniPlane(world, supervisor, strategy === 'hosts');
    case 'haproxy':
      return new BalancerPlane(world, supervisor);
    case 'managed':
      return new NamePlane(world, supervisor);
  }
}

function text(result: Result): string {
  return result.is === 'ok' ? 'ok' : `${result.code} ${result.outcome}`;
}
