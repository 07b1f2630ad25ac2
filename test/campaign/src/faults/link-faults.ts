import type { Library } from '../clients/client.ts';
import { faultOf, type CampaignFault } from './campaign-fault.ts';
import { linksThat, onLinks, resetLinks, stutter } from './makes.ts';

/** Clients dial through proxies, and nothing that they wait for lasts longer than this. */
export const THROUGH_PROXIES: Partial<CampaignFault> = { linked: true, deadlineMs: 12_000 };
export const LINKS: Partial<CampaignFault> = { ...THROUGH_PROXIES, combines: { touches: ['links'] } };

/** What the links of either library's clients may meet; the cluster is well. */
export function linkFaults(library: Library): CampaignFault[] {
  const fault = faultOf(library);
  return [
    fault(
      'slow-link',
      "clients' links get 100 ms slower each way, for 5 s",
      'none',
      16,
      onLinks('slow-link'),
      { holdMs: 5_000, ...LINKS },
    ),
    fault(
      'answers-held',
      'what servers answer is held back for 4 s, and then comes',
      'healed',
      16,
      linksThat({ stall: 'down' }, { stall: 'none' }),
      { holdMs: 4_000, ...LINKS },
    ),
    fault(
      'links-reset',
      "all clients' links are reset, five times a second for 4 s",
      'none',
      16,
      stutter(resetLinks, { brokenMs: 0, wellMs: 200 }),
      { holdMs: 4_000, ...LINKS },
    ),
  ];
}
