import { backoffMs } from '../policy/backoff.ts';
import { GONE_MS, nextQuestion, type Asking, type Bounds } from './next-question.ts';
import type { RoutePace } from '../policy/route-pace.ts';
import type { Instant, Timer } from '../runtime/clock.ts';
import { applyObservation } from '../topology/apply-observation.ts';
import { endpointKey, sameEndpoint, type Endpoint } from '../topology/endpoint.ts';
import type { Observation } from '../topology/observation.ts';
import { differs, emptyTopology, isNominee, primaryOf, type Topology } from '../topology/topology.ts';
import type { MonitorOptions, SeatOptions, TopologyListener } from './monitor-options.ts';
import { Questions, type HowToPut } from './questions.ts';
import type { Resolver } from './resolver.ts';
import { isRefusal, SearchErrors } from './search-errors.ts';
import { Seat } from './seat.ts';

/**
 * What the loop is doing.
 * - `idle`: nobody has asked yet; no socket is open.
 * - `steady`: a primary is followed; only the slow refresh runs.
 * - `checking`: a primary is followed and something speaks against it (`since`); everybody is asked, fast.
 * - `searching`: there is no primary; everybody is asked, fast. Where that is `vain`, since we are refused, only at the pace of
 *   the refresh until somebody wants the primary again: nobody shall be knocked at with a wrong password.
 */
type State =
  | { at: 'idle' }
  | { at: 'steady' }
  | { at: 'checking'; since: Instant; round: number }
  | { at: 'searching'; round: number; vain?: true }
  | { at: 'closed' };

export type MonitorState = State['at'];

/** A control plane that names another member than the one which proves itself is humoured for so many rounds (about 10 s). */
const DISAGREEMENT_ROUNDS = 40;

/** A search keeps its first pace for so long, ms: a failover takes no longer, and its end must be seen at once. */
const HURRIED_SEARCH_MS = 30_000;

/** After so many questions of a search have reached a standby through a route, the next ones wait for their round. */
const FOLLOW_UPS = 6;

/**
 * Keeps the topology of one cluster for one process. Notifications and suspicion wake the loop; only the loop asks,
 * and only observations change what is known. Clients take a {@link Seat} at it.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #listeners = new Set<TopologyListener>();
  readonly #seats = new Set<Seat>();
  readonly #questions: Questions;
  /** how often in this search a route has led to a standby, and the next question followed at once */
  #ledAstray = 0;
  /** when all were asked since one that was gone had answered */
  #hailedAt: Instant = -Infinity;
  #topology: Topology;
  #state: State = { at: 'idle' };
  #timer: Timer | undefined;
  #searchingSince: Instant | undefined;
  readonly #errors = new SearchErrors();
  /** when each control plane was asked the question that it has answered, or not answered in time, last */
  readonly #heard = new Map<Resolver, Instant>();

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#questions = new Questions(options.clock);
    this.#topology = emptyTopology(options.rule, options.seeds, options.clock.now());
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** The cluster, for messages. */
  get name(): string {
    return this.#options.name;
  }

  get state(): MonitorState {
    return this.#state.at;
  }

  /** The last thing that went wrong while looking, for messages; undefined once a primary was found, or who failed has answered. */
  get trouble(): unknown {
    return this.#errors.newest;
  }

  /** Hears every change of leadership or membership; returns the way to stop. A listener that throws disturbs nobody. */
  onChange(listener: TopologyListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A place for one client, with bounds of its own. */
  seat(options: SeatOptions): Seat {
    const seat = new Seat({
      monitor: this,
      options,
      searchedMs: () => this.#searchedMs,
      leave: (gone) => void this.#seats.delete(gone),
    });
    this.#seats.add(seat);
    return seat;
  }

  /** Somebody wants the primary: the loop runs from now on, and if it does already, no slower than it should. */
  start(): void {
    const state = this.#state;
    if (state.at === 'searching' && state.vain) this.#transition({ at: 'searching', round: 0 });
    if (state.at !== 'idle') return;
    for (const resolver of this.#options.resolvers)
      resolver.watch?.((reason) => {
        this.#questions.hurry();
        this.suspect(`${resolver.name}: ${reason}`);
      });
    this.#transition({ at: 'searching', round: 0 });
  }

  /** Something speaks against what is known: ask everybody, now. */
  suspect(_reason: string): void {
    const state = this.#state;
    if (state.at === 'checking' && state.round > 1)
      this.#transition({ at: 'checking', since: this.#options.clock.now(), round: 0 });
    else this.#doubt();
  }

  /** As `suspect`, but while checks are under way they keep their pace: what they bring up must not hasten them. */
  #doubt(): void {
    const state = this.#state;
    const since = this.#options.clock.now();
    if (state.at === 'steady') this.#transition({ at: 'checking', since, round: 0 });
    else if (state.at === 'checking') this.#state = { ...state, since };
    else if (state.at === 'searching' && state.round > 1) this.#transition({ at: 'searching', round: 0 });
  }

  /** A first-hand observation, from a dial that asked the member itself. */
  report(observation: Observation): void {
    this.#apply(observation, 'dial');
  }

  /** Stops everything; waiting calls end with HA_CLOSED. */
  async close(): Promise<void> {
    if (this.#state.at === 'closed') return;
    this.#transition({ at: 'closed' });
    for (const seat of [...this.#seats]) seat.close();
    this.#listeners.clear();
    await Promise.allSettled([
      this.#options.prober.close(),
      ...this.#options.resolvers.map((resolver) => resolver.close()),
    ]);
  }

  /** For how long there has been no primary, ms. */
  get #searchedMs(): number {
    return this.#searchingSince === undefined ? 0 : this.#options.clock.now() - this.#searchingSince;
  }

  #transition(next: State): void {
    if (this.#state.at === 'closed') return;
    if (next.at !== 'searching') [this.#searchingSince, this.#ledAstray] = [undefined, 0];
    else this.#searchingSince ??= this.#options.clock.now();
    this.#state = next;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (next.at === 'idle' || next.at === 'closed') return;
    if (next.at === 'steady' || (next.at === 'searching' && next.vain)) {
      this.#schedule(
        backoffMs(
          { minMs: this.#options.refreshMs, maxMs: this.#options.refreshMs },
          0,
          this.#options.random,
        ),
      );
    } else if (next.round === 0) {
      this.#round();
    } else {
      const { searchMinMs: minMs, searchMaxMs: maxMs, random } = this.#options;
      const hurried = next.at === 'searching' && this.#searchedMs < HURRIED_SEARCH_MS;
      this.#schedule(backoffMs({ minMs, maxMs, factor: 1.5 }, hurried ? 0 : next.round - 1, random));
    }
  }

  #schedule(ms: number): void {
    // While somebody waits the process must stay up; otherwise looking must not keep it alive. Who still waits while a
    // primary has just been found is about to be let go.
    const awaited = this.#state.at !== 'steady' && [...this.#seats].some((seat) => seat.waiting > 0);
    this.#timer = this.#options.clock.timer(ms, () => this.#round(), { background: !awaited });
  }

  /** One look around. Questions still open from an earlier round are not asked twice. */
  #round(): void {
    const state = this.#state;
    if (state.at === 'idle' || state.at === 'closed') return;
    for (const resolver of this.#options.resolvers) {
      // A fresh sign has it asked at once.
      const again = state.at === 'searching' || (state.at === 'checking' && state.round > 0);
      const everyMs = again ? resolver.searchEveryMs : 0;
      void this.#ask(`resolver ${resolver.name}`, () => this.#resolve(resolver), { everyMs });
    }
    this.#lookAround();
    if (this.#state !== state) return; // an answer came at once and has moved the loop on
    if (state.at === 'steady') this.#transition({ at: 'steady' });
    else this.#transition({ ...state, round: state.round + 1 });
  }

  /**
   * Of those that hang one gets company in a round, whoever was asked longest ago: as many as were silent for the same reason
   * answer again when one of them does.
   */
  #lookAround(): void {
    const ages = this.#targets().map((endpoint) => ({
      endpoint,
      sinceMs: this.#questions.paceOf(endpointKey(endpoint)).sinceMs,
    }));
    let company: Asking['company'] = 'due';
    for (const { endpoint } of ages.toSorted((a, b) => b.sinceMs - a.sinceMs))
      if (this.#lookAt(endpoint, company)) company = 'none';
  }

  #targets(): Endpoint[] {
    const primary = primaryOf(this.#topology);
    // Without a control plane nobody else would tell of another primary.
    const watched = this.#options.resolvers.length > 0;
    if (this.#state.at === 'steady' && primary && watched) return [primary.endpoint];
    return [...this.#topology.members.values()].map((member) => member.endpoint);
  }

  /** Says whether one that hangs has got company. */
  #lookAt(endpoint: Endpoint, company: Asking['company'] = 'due'): boolean {
    const { rule } = this.#options;
    const key = endpointKey(endpoint);
    const pace = this.#questions.paceOf(key);
    const { at } = this.#state;
    const searchedMs = at === 'searching' ? this.#searchedMs : undefined;
    if (rule === 'route' && searchedMs !== undefined)
      void this.#ask(`${key} standing`, () => this.#recall(endpoint));
    const first = !this.#questions.underWay(key);
    const ourWay = this.#questions.areSilent(this.#topology.members.keys());
    const next = nextQuestion({ rule, steady: at === 'steady', searchedMs, first, company, ourWay, pace });
    if (!next) return false;
    const how = { atOnce: next.atOnce, holdsMs: next.letInMs && this.#options.probeTimeoutMs };
    void this.#ask(first ? key : `${key} again`, () => this.#probe(endpoint, pace, next), how);
    return !first;
  }

  async #ask(key: string, question: () => Promise<void>, how?: HowToPut): Promise<void> {
    try {
      if (!(await this.#questions.put(key, question, how))) return;
      this.#errors.answered(key);
    } catch (error) {
      this.#errors.failed(key, error);
    }
    this.#endHopelessWaits();
    if (this.#state.at === 'steady') this.#options.prober.rest();
  }

  async #resolve(resolver: Resolver): Promise<void> {
    const at = this.#options.clock.now();
    const asked = resolver.resolve(this.#options.resolveTimeoutMs);
    const observations = await asked.finally(() => this.#heard.set(resolver, at));
    if (this.#state.at === 'closed') return;
    for (const observation of observations) {
      this.#apply(observation, resolver.name);
      if (observation.kind !== 'nomination') continue;
      const primary = primaryOf(this.#topology);
      const agrees = primary && sameEndpoint(primary.endpoint, observation.endpoint);
      if (agrees) continue;
      // It names another member: ask that one without waiting for the next round.
      this.#doubt();
      this.#lookAt(observation.endpoint);
    }
  }

  async #probe(endpoint: Endpoint, pace: RoutePace, bounds: Bounds = {}): Promise<void> {
    const { prober, probeTimeoutMs } = this.#options;
    const timeoutMs = Math.max(probeTimeoutMs, bounds.leastMs ?? 0);
    const { patienceMs, letInMs } = bounds;
    const asked = pace.ask();
    const heard = (): void => {
      asked.heard();
      if (pace.silentMs >= GONE_MS) this.#hail(endpoint);
    };
    const signs = { opened: asked.opened, letIn: asked.letIn, heard };
    const at = this.#options.clock.now();
    let observation: Observation | undefined;
    try {
      do observation = await prober.probe(endpoint, timeoutMs, patienceMs ?? timeoutMs, signs, letInMs);
      while (this.#isAstray(observation, pace));
    } catch (error) {
      if (isRefusal(error)) this.#checked(endpoint, at); // it is there, and asking on would not help
      throw error;
    } finally {
      asked.end(observation !== undefined && observation.kind !== 'unreachable');
    }
    // One beside another that has the time it takes proves nothing where it was not answered.
    if (patienceMs === undefined || observation.kind !== 'unreachable') this.#apply(observation, 'probe');
  }

  /** The first that was gone answers: whoever else is gone may be back, too. */
  #hail(back: Endpoint): void {
    const now = this.#options.clock.now();
    if (this.#state.at !== 'searching' || now - this.#hailedAt < GONE_MS) return;
    this.#hailedAt = now;
    for (const { endpoint } of this.#topology.members.values())
      if (!sameEndpoint(endpoint, back)) this.#lookAt(endpoint, 'now');
  }

  /** That it is still no primary says nothing of where the route leads by now. */
  async #recall(endpoint: Endpoint): Promise<void> {
    const { prober, probeTimeoutMs } = this.#options;
    const observation = await prober.recall?.(endpoint, probeTimeoutMs);
    if (observation?.kind === 'self' && observation.role === 'primary') this.#apply(observation, 'probe');
  }

  /**
   * A load balancer that has just started leads to every server in turn: the next one may be the primary. Two that go on side
   * by side come to it sooner than one after the other.
   */
  #isAstray(observation: Observation, pace: RoutePace): boolean {
    if (this.#options.rule !== 'route' || this.#state.at !== 'searching') return false;
    if (observation.kind !== 'self' || observation.role === 'primary') return false;
    this.#ledAstray += 1;
    if (this.#ledAstray > FOLLOW_UPS) return false;
    const { endpoint } = observation;
    void this.#ask(`${endpointKey(endpoint)} again`, () => this.#probe(endpoint, pace));
    return true;
  }

  /**
   * Before the first primary was ever found, everybody has answered, none leads, and somebody refused our credentials or
   * showed a wrong certificate: waiting longer would only hide that.
   */
  #endHopelessWaits(): void {
    const { generation, members } = this.#topology;
    const refusal = generation > 0 ? undefined : this.#errors.takeRefusal(members.keys());
    if (!refusal) return;
    for (const seat of this.#seats) seat.refuse(refusal);
    if (this.#state.at === 'searching') this.#transition({ at: 'searching', round: 1, vain: true });
  }

  #apply(observation: Observation, reason: string): void {
    if (this.#state.at === 'closed') return;
    const previous = this.#topology;
    const next = applyObservation(previous, observation);
    this.#topology = next;
    this.#settle(observation);
    if (differs(previous, next)) this.#announce(previous, next, reason);
  }

  /** Moves the loop to where the topology says it belongs. */
  #settle(observation: Observation): void {
    const primary = primaryOf(this.#topology);
    const state = this.#state;
    if (!primary) {
      if (state.at === 'steady' || state.at === 'checking') this.#transition({ at: 'searching', round: 0 });
      return;
    }
    // Whom the control plane names instead may be about to take over.
    const since = this.#options.clock.now();
    if (state.at === 'searching')
      this.#transition(
        isNominee(this.#topology, primary) ? { at: 'steady' } : { at: 'checking', since, round: 1 },
      );
    const confirms = observation.kind === 'self' && observation.role === 'primary';
    if (confirms && primary.observedAt === observation.at)
      this.#checked(observation.endpoint, observation.at);
  }

  /** Whoever is there has answered what he was asked at that moment: the primary, perhaps, after the last sign against it. */
  #checked(who: Endpoint, at: Instant): void {
    const [state, primary] = [this.#state, primaryOf(this.#topology)];
    if (!primary || !sameEndpoint(who, primary.endpoint)) return;
    if (state.at !== 'checking' || at < state.since) return;
    for (const seat of this.#seats) seat.confirmed(primary);
    const agreed = this.#controlPlaneHeard(state.since) && isNominee(this.#topology, primary);
    if (agreed || state.round > DISAGREEMENT_ROUNDS) this.#transition({ at: 'steady' });
  }

  /** A question that was under way when the sign came may have been answered without knowing what it told of. */
  #controlPlaneHeard(since: Instant): boolean {
    return this.#options.resolvers.every((resolver) => (this.#heard.get(resolver) ?? -Infinity) >= since);
  }

  #announce(previous: Topology, next: Topology, reason: string): void {
    for (const listener of this.#listeners) {
      try {
        listener({ previous, next, reason });
      } catch (error) {
        this.#errors.failed('listener', error);
      }
    }
    const primary = primaryOf(next);
    if (!primary) return;
    this.#errors.found();
    for (const seat of this.#seats) seat.found(primary);
    // News about others confirms nothing: the primary that is being checked has not answered yet.
    const fresh = previous.leadership.at !== 'following' || previous.generation !== next.generation;
    if (fresh) for (const seat of this.#seats) seat.confirmed(primary);
  }
}
