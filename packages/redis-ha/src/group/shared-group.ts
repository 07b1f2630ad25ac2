import type { Settings } from '../options/settings.ts';
import { ReplicationGroup } from './replication-group.ts';

/** The group of a client and its duplicates: made by the first that uses it, closed by the last that lets go. */
export class SharedGroup {
  readonly #settings: Settings;
  #group: ReplicationGroup | undefined;
  #users = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  acquire(): ReplicationGroup {
    this.#users += 1;
    this.#group ??= new ReplicationGroup(this.#settings);
    return this.#group;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    const group = this.#group;
    this.#group = undefined;
    void group?.close();
  }
}
