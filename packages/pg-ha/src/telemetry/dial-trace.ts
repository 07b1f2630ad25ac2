import { endpointKey } from '@steadfast/shared';
import type { HaClient } from '../dial/ha-client.ts';

/** One dial as `steadfast:pg:dial` tells it. */
export class DialTrace {
  readonly client: HaClient;
  /** set by the channel where the dial failed */
  error?: unknown;
  #member: string | undefined;

  constructor(client: HaClient) {
    this.client = client;
  }

  /** host:port of who was dialled; undefined until that is chosen */
  get member(): string | undefined {
    const { endpoint } = this.client;
    if (endpoint) this.#member = endpointKey(endpoint);
    return this.#member ?? (this.error as { member?: string } | undefined)?.member;
  }
}
