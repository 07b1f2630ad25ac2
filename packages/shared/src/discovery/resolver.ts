import type { Observation } from '../topology/observation.ts';

/** A source of claims about a cluster: Patroni's REST API, the sentinels, DNS. */
export interface Resolver {
  readonly name: string;
  /**
   * In a search, and while a sign is being checked, it is asked no more often than this, ms (default 0: in every round). For a source that only tells whom to ask:
   * where members say themselves what they are, asking it more often finds nobody sooner, and costs whoever runs the failover.
   */
  readonly searchEveryMs?: number;
  /**
   * Asks once. Rejects where nobody could be asked; must settle within `timeoutMs`.
   * What it yields are hints about members (nominations, listings), never proof.
   */
  resolve(timeoutMs: number): Promise<readonly Observation[]>;
  /**
   * Where the source can push: calls `wake` with a reason whenever something may have changed. A push only wakes the
   * monitor's loop; the loop asks and acts.
   */
  watch?(wake: (reason: string) => void): void;
  close(): Promise<void> | void;
}
