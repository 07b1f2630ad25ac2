import type { Endpoint, Instant, SelfObservation } from '@steadfast/shared';
import type { Identity } from '../dial/identity.ts';

/** A server's own answer as an observation: role as it says, epoch = timeline. */
export function observeIdentity(endpoint: Endpoint, identity: Identity, at: Instant): SelfObservation {
  return {
    kind: 'self',
    endpoint,
    role: identity.role,
    epoch: identity.timeline,
    clusterId: identity.systemId,
    at,
  };
}
