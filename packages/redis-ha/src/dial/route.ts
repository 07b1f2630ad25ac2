import { socketLookup, type DnsResolver, type Epoch } from '@steadfast/shared';
import type { LookupFunction } from 'node:net';

/** The way of one dial through a provider's name, which is found anew for each socket that is tried. */
export class Route {
  readonly lookup: LookupFunction;
  readonly #epochs = new Map<string, Epoch>();

  constructor(name: Pick<DnsResolver, 'look'>, timeoutMs: number) {
    this.lookup = socketLookup(async () => {
      const { addresses, moves } = await name.look(timeoutMs);
      for (const address of addresses) this.#epochs.set(address, moves);
      return addresses;
    });
  }

  /** That of whoever answers there: how often the name had moved when it led to this address last. */
  epochOf(address: string | undefined): Epoch | undefined {
    return this.#epochs.get(address ?? '');
  }
}
