import type { Endpoint, Instant, Topology } from '@steadfast/shared';
import type { Identity } from './identity.ts';

/** What a connection was let in as. */
export interface Admission {
  readonly role: Identity['role'];
  /** the generation under which it was found to lead there */
  readonly generation: number;
}

/** Whom the connections of one pool are for: whoever is primary, or one member. */
export interface DialTarget {
  /**
   * Whom to dial now.
   * @throws HaError with outcome `notSent` where there is nobody
   */
  choose(topology: Topology): Endpoint;
  /**
   * The server has said who it is.
   * @throws HaError where the connection must not be handed out
   */
  admit(endpoint: Endpoint, identity: Identity, at: Instant): Admission;
  /** Whether a dial under way still goes to the right address. */
  stillWants(endpoint: Endpoint, topology: Topology): boolean;
  /** Whether a change of topology has made a connection worthless. */
  outdates(admission: Admission, topology: Topology): boolean;
  /** A connection there was lost or refused, or its server answered that it is the wrong one. */
  suspect(endpoint: Endpoint, reason: string): void;
}
