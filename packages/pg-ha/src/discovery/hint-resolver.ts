import { endpointKey, type Observation, type Resolver } from '@steadfast/shared';

/**
 * A control plane whose members we do not dial ourselves (they stand behind HAProxy): a changed leader is only a reason to
 * look at the routes at once.
 */
export class HintResolver implements Resolver {
  readonly name: string;
  readonly searchEveryMs: number;
  readonly #source: Resolver;
  #leader: string | undefined;
  #wake: (reason: string) => void = () => undefined;

  constructor(source: Resolver) {
    this.#source = source;
    this.name = `${source.name} hint`;
    this.searchEveryMs = source.searchEveryMs ?? 0;
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const observations = await this.#source.resolve(timeoutMs);
    const nomination = observations.find((observation) => observation.kind === 'nomination');
    const leader = nomination && endpointKey(nomination.endpoint);
    if (this.#leader !== undefined && leader !== this.#leader)
      this.#wake(`leader is ${leader ?? 'nobody'} now`);
    this.#leader = leader;
    return [];
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
  }

  close(): Promise<void> | void {
    return this.#source.close();
  }
}
