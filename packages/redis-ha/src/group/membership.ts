import type { Share } from '@steadfast/shared';
import type { Settings } from '../options/settings.ts';
import { ReplicationGroup } from './replication-group.ts';
import { groupKey, groups } from './shared-groups.ts';

/** A client's part in the group that it shares with others: from its first connection until it has ended. */
export class Membership {
  readonly #settings: Settings;
  readonly #joined: (group: ReplicationGroup) => readonly (() => void)[];
  #group: ReplicationGroup | undefined;
  #share: Share<ReplicationGroup> | undefined;
  #stops: readonly (() => void)[] = [];
  readonly #leaving = new Set<() => void>();

  /** @param joined what the client listens to in a group; returns the ways to stop */
  constructor(settings: Settings, joined: (group: ReplicationGroup) => readonly (() => void)[]) {
    this.#settings = settings;
    this.#joined = joined;
  }

  /** The group, also once it has been left; undefined before it was joined for the first time. */
  get group(): ReplicationGroup | undefined {
    return this.#group;
  }

  /** The group, also once it has been left: what is still under way then must not join it again. */
  get lastGroup(): ReplicationGroup {
    return this.#group ?? this.join();
  }

  join(): ReplicationGroup {
    if (this.#share) return this.#share.thing;
    this.#share = groups.acquire(groupKey(this.#settings), () => new ReplicationGroup(this.#settings));
    this.#group = this.#share.thing;
    this.#stops = this.#joined(this.#group);
    return this.#group;
  }

  /** Hears when the client has ended; returns the way to stop. */
  onLeave(listener: () => void): () => void {
    this.#leaving.add(listener);
    return () => void this.#leaving.delete(listener);
  }

  leave(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    for (const listener of this.#leaving) listener();
    void this.#share?.release();
    this.#share = undefined;
  }
}
