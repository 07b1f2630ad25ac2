import { describeError, HaError } from '../errors/ha-error.ts';
import type { Breaker } from '../policy/breaker.ts';
import { WaitQueue } from '../policy/wait-queue.ts';
import type { Deadline } from '../runtime/deadline.ts';
import { describeSearch } from '../topology/picker.ts';
import type { Observation } from '../topology/observation.ts';
import { primaryOf, type Primary, type Topology } from '../topology/topology.ts';
import type { Monitor, MonitorState } from './monitor.ts';
import type { SeatOptions, TopologyListener } from './monitor-options.ts';

/** What a seat needs of its monitor, beside what anybody may ask of it. */
export interface SeatBase {
  readonly monitor: Monitor;
  readonly options: SeatOptions;
  /** for how long there has been no primary, ms */
  searchedMs(): number;
  leave(seat: Seat): void;
}

/**
 * One client's place at a monitor that several may share: its own calls wait here, within its own bounds, behind its own
 * breaker, and end with it.
 */
export class Seat {
  readonly #base: SeatBase;
  readonly #waiting: WaitQueue<Primary>;
  readonly #confirming: WaitQueue<Primary>;
  readonly #stops = new Set<() => void>();
  /** no more calls wait here */
  #ending = false;
  #left = false;

  constructor(base: SeatBase) {
    this.#base = base;
    const { clock, maxWaiting } = base.options;
    this.#waiting = new WaitQueue(clock, maxWaiting, 'a primary');
    this.#confirming = new WaitQueue(clock, maxWaiting, 'the primary to be confirmed');
  }

  get topology(): Topology {
    return this.#base.monitor.topology;
  }

  get state(): MonitorState {
    return this.#ending ? 'closed' : this.#base.monitor.state;
  }

  get trouble(): unknown {
    return this.#base.monitor.trouble;
  }

  get breaker(): Breaker {
    return this.#base.options.breaker;
  }

  /** Calls of this client that wait for a primary now. */
  get waiting(): number {
    return this.#waiting.size + this.#confirming.size;
  }

  /** Calls of this client whose deadline came while they waited. */
  get expired(): number {
    return this.#waiting.expired + this.#confirming.expired;
  }

  /** As {@link Monitor.onChange}, for as long as this seat is held. */
  onChange(listener: TopologyListener): () => void {
    const stop = this.#base.monitor.onChange(listener);
    this.#stops.add(stop);
    return () => {
      this.#stops.delete(stop);
      stop();
    };
  }

  start(): void {
    this.#base.monitor.start();
  }

  suspect(reason: string): void {
    if (!this.#left) this.#base.monitor.suspect(reason);
  }

  report(observation: Observation): void {
    if (!this.#left) this.#base.monitor.report(observation);
  }

  /**
   * The primary, at once where one is followed, else as soon as one is found.
   * @throws HaError HA_NO_PRIMARY at the deadline, HA_QUEUE_FULL, HA_CIRCUIT_OPEN, HA_ABORTED, HA_CLOSED, HA_AUTH;
   * always with outcome `notSent`
   */
  async whenPrimary(deadline: Deadline, signal?: AbortSignal): Promise<Primary> {
    if (signal?.aborted)
      throw new HaError('HA_ABORTED', 'aborted by the caller', { outcome: 'notSent', cause: signal.reason });
    if (this.state === 'closed') throw this.#closed();
    const primary = primaryOf(this.topology);
    if (primary) return primary;
    this.start();
    const expired = (): HaError => this.#noPrimary(deadline);
    const wait = (): Promise<Primary> => this.#waiting.wait({ deadline, signal, expired });
    const { breaker, longOutageMs = 10_000 } = this.#base.options;
    const endsEarly = this.#base.searchedMs() + deadline.remainingMs < longOutageMs;
    return endsEarly && !breaker.open ? wait() : breaker.run(wait);
  }

  /**
   * As `whenPrimary`, and where something speaks against the primary, only after it has been asked again. Work that has failed
   * is repeated after this, so that repeating costs the servers one question, whatever the number of calls.
   */
  async whenConfirmed(deadline: Deadline, signal?: AbortSignal): Promise<Primary> {
    if (this.state !== 'checking') return this.whenPrimary(deadline, signal);
    return this.#confirming.wait({ deadline, signal, expired: () => this.#noPrimary(deadline) });
  }

  /** For the monitor: a primary is followed. */
  found(primary: Primary): void {
    this.breaker.close();
    this.#waiting.releaseAll(primary);
  }

  /** For the monitor: the primary has answered since it was doubted. */
  confirmed(primary: Primary): void {
    this.#confirming.releaseAll(primary);
  }

  /** For the monitor: waiting is in vain. */
  refuse(refusal: HaError): void {
    const { code, message, cause } = refusal;
    this.#waiting.rejectAll(() => new HaError(code, message, { outcome: 'notSent', cause }));
  }

  /** What waits here ends with HA_CLOSED, and so does what comes. Changes are told until the seat is given up. */
  endWaiting(): void {
    if (this.#ending) return;
    this.#ending = true;
    for (const queue of [this.#waiting, this.#confirming]) queue.rejectAll(() => this.#closed());
  }

  /** Gives the seat up. The monitor goes on for the others. */
  close(): void {
    if (this.#left) return;
    this.endWaiting();
    this.#left = true;
    for (const stop of this.#stops) stop();
    this.breaker.shutdown();
    this.#base.leave(this);
  }

  #closed(): HaError {
    return new HaError('HA_CLOSED', `${this.#base.monitor.name} has been closed`, { outcome: 'notSent' });
  }

  #noPrimary(deadline: Deadline): HaError {
    const { monitor } = this.#base;
    const because = monitor.trouble === undefined ? '' : `; last error: ${describeError(monitor.trouble)}`;
    const message = `no primary of ${monitor.name} within ${Math.round(deadline.totalMs)} ms: ${describeSearch(monitor.topology)}${because}`;
    return new HaError('HA_NO_PRIMARY', message, { outcome: 'notSent', cause: monitor.trouble });
  }
}
