import type { Blueprint } from './blueprint.ts';
import { endLab } from './down.ts';
import { envFor } from './env.ts';
import { makeFault, openFaults } from './faults/faults.ts';
import { waitHealthy } from './health.ts';
import { LabLinkProxy } from './link-proxy.ts';
import { startObservers, type LabObservers } from './observers/observers.ts';
import { findState, type LabState } from './state/state-file.ts';
import { statusOf } from './status.ts';
import { startLab } from './up.ts';
import type {
  EnvChoice,
  Fault,
  FaultArgs,
  FaultName,
  LabDescription,
  LabOptions,
  LabStatus,
  LinkProxy,
} from './types.ts';

const HEALTHY_TIMEOUT_MS = 90_000;

/** A real HA cluster on this machine: what it is, how it fares, and everything that breaks and mends it. */
export class Lab {
  readonly description: LabDescription;
  readonly #state: LabState;
  readonly #blueprint: Blueprint;

  /** Starts a lab that belongs to this process: should the process be killed, the next `up` cleans it up. */
  static async up(options: LabOptions = {}): Promise<Lab> {
    return new Lab(await startLab(options, true));
  }

  /** A lab that another process started; without an id, the only one that is up. */
  static async attach(id?: string): Promise<Lab> {
    return new Lab(findState(id));
  }

  constructor(state: LabState) {
    this.#state = state;
    this.#blueprint = state.blueprint;
    this.description = state.description;
  }

  env(choice: EnvChoice): Record<string, string> {
    return envFor(this.description, choice);
  }

  status(): Promise<LabStatus> {
    return statusOf(this.#blueprint);
  }

  /** Waits until every member runs and replicates, and everything that routes to the primary does. */
  waitHealthy(timeoutMs: number = HEALTHY_TIMEOUT_MS): Promise<void> {
    return waitHealthy(this.#blueprint, timeoutMs);
  }

  /** Makes a fault; rejects with FaultUnavailable where it cannot be made. `pnpm lab fault --list` tells what each means. */
  fault(name: FaultName, args: FaultArgs = {}): Promise<Fault> {
    return makeFault(this.#blueprint, name, args);
  }

  /** Faults that are made and not healed, by whichever process, oldest first. */
  openFaults(): Fault[] {
    return openFaults(this.#blueprint);
  }

  /** Starts the observers: a process of their own that watches every member and never uses our clients. */
  observe(): Promise<LabObservers> {
    return startObservers(this.description);
  }

  /** A TCP proxy in front of a server, hosted by the lab until it is closed or the lab goes down. */
  proxy(target: { host: string; port: number }): Promise<LinkProxy> {
    return LabLinkProxy.create(this.#blueprint.dir, target);
  }

  /** Ends the lab and leaves nothing; with `keepLogs`, resolves with the folder the logs were moved to. */
  down(options: { keepLogs?: boolean } = {}): Promise<string | undefined> {
    return endLab(this.#state, options);
  }
}
