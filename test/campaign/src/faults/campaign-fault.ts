import type { FaultArgs, FaultName, Lab, LinkProxy } from '@steadfast/lab';
import type { Library } from '../clients/client.ts';

/**
 * What a fault does to the way to the primary.
 * - `moves`: another member becomes the primary
 * - `stays`: the same one accepts writes again
 * - `either`: one of these
 * - `route`: HAProxy alone is out; who does not go through it must not notice
 * - `healed`: the way is open again at the moment of healing
 * - `none`: the primary can be reached all the time
 */
export type Shape = 'moves' | 'stays' | 'either' | 'route' | 'healed' | 'none';

export interface Stage {
  readonly lab: Lab;
  /** where clients of a `linked` fault dial through */
  readonly links: readonly LinkProxy[];
}

export interface Made {
  /** undoes it; a second call does nothing */
  heal(): Promise<unknown>;
  /** what is put right only when the way is open again */
  mend?(): Promise<unknown>;
}

/** A fault of the campaign: what is done, what is to be expected of it, and how long it takes. */
export interface CampaignFault {
  readonly name: string;
  readonly library: Library;
  readonly meaning: string;
  readonly shape: Shape;
  /** the way opens again only once the fault is healed, after `holdMs` */
  readonly opensOnHeal?: boolean;
  /** how long the fault lasts where nothing is waited for, ms */
  readonly holdMs?: number;
  /** load goes on for so long after healing, ms */
  readonly afterMs?: number;
  /** clients dial through proxies, so that their links can be broken; those that cannot are left out */
  readonly linked?: boolean;
  /** deadline of the calls, where the outage is so short that waiting longer for dead links shows nothing, ms */
  readonly deadlineMs?: number;
  /** about how long a run takes, s */
  readonly aboutS: number;
  make(stage: Stage): Promise<Made>;
}

/** One fault of the lab, as it is. */
export function ofLab(name: FaultName, args: FaultArgs = {}): CampaignFault['make'] {
  return ({ lab }) => lab.fault(name, args);
}

/** Several, one after the other; healed in the opposite order. */
export function inTurn(...makes: CampaignFault['make'][]): CampaignFault['make'] {
  return async (stage) => {
    const made: Made[] = [];
    for (const make of makes) made.push(await make(stage));
    return {
      async heal() {
        for (const each of made.toReversed()) await each.heal();
      },
    };
  };
}

/** A clean restart of each member, with the cluster whole in between. */
export function restartInTurn(server: 'postgres' | 'redis'): CampaignFault['make'] {
  return async ({ lab }) => {
    for (const { name } of lab.description.hosts) {
      await lab.fault('restart', { target: name, server });
      await lab.waitHealthy();
    }
    return { heal: () => Promise.resolve() };
  };
}

/** All links at once. */
export function onLinks(name: 'slow-link' | 'half-open', args: FaultArgs = {}): CampaignFault['make'] {
  return async ({ lab, links }) => {
    const made = await Promise.all(links.map((proxy) => lab.fault(name, { ...args, proxy })));
    return { heal: () => Promise.all(made.map((each) => each.heal())) };
  };
}
