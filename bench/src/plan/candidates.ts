import { DEPLOYMENTS, type Deployment, type Offer, type Price } from '../costs/figures.ts';
import { type Library } from '../result.ts';

/** One thing that can be had: a deployment, or one provider's offer of it. */
export interface Candidate {
  readonly deployment: Deployment;
  readonly offer?: Offer;
  /** `postgres-hybrid`, `postgres-managed/aiven` */
  readonly id: string;
  readonly title: string;
  /**
   * Of a month, with a standby, since without one there is no failover: where that of an offer is not known, what the document
   * estimates for all of them.
   */
  readonly price: Price;
}

export function candidatesFor(library: Library): readonly Candidate[] {
  return DEPLOYMENTS.filter((deployment) => deployment.library === library).flatMap(candidatesOf);
}

function candidatesOf(deployment: Deployment): readonly Candidate[] {
  const { id, title, price, offers } = deployment;
  if (offers.length === 0) return [{ deployment, id, title, price }];
  return offers.map((offer) => ({
    deployment,
    offer,
    id: `${id}/${offer.provider}`,
    title: offer.title,
    price: offer.highAvailability ?? (offer.startsAlone ? price : offer.start),
  }));
}
