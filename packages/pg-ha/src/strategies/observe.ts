import type { Endpoint, Instant, Observation } from '@steadfast/shared';
import type { Identity } from '../dial/identity.ts';

/** A server's own answer as an observation: role as it says, epoch = timeline. */
export function observeIdentity(endpoint: Endpoint, identity: Identity, at: Instant): Observation {
  return {
    kind: 'self',
    endpoint,
    role: identity.role,
    epoch: identity.timeline,
    clusterId: identity.systemId,
    at,
  };
}
