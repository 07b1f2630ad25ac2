import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultArgs, FaultName, LinkBehaviour } from '@steadfast/lab';
import type { CampaignFault, Made, Stage, Subject } from './campaign-fault.ts';

type Make = CampaignFault['make'];

const NOTHING: Made = { heal: () => Promise.resolve() };

/** One fault of the lab, as it is. */
export function ofLab(name: FaultName, args: FaultArgs = {}): Make {
  return ({ lab }) => lab.fault(name, args);
}

/** Several, one after the other; healed in the opposite order. */
export function inTurn(...makes: Make[]): Make {
  return async (stage) => {
    const made: Made[] = [];
    const heal = async (): Promise<void> => {
      for (const each of made.splice(0).toReversed()) await each.heal();
    };
    try {
      for (const make of makes) made.push(await make(stage));
    } catch (error) {
      await heal();
      throw error;
    }
    return { heal };
  };
}

/** Something that leaves nothing to heal. */
export function once(act: (stage: Stage) => Promise<unknown>): Make {
  return async (stage) => {
    await act(stage);
    return NOTHING;
  };
}

/** A pause within `inTurn`, ms. */
export function after(ms: number): Make {
  return once(() => sleep(ms));
}

/** A clean restart of each member, with the cluster whole in between. */
export function restartInTurn(server: 'postgres' | 'redis'): Make {
  return onEachHost(async ({ lab }, target) => void (await lab.fault('restart', { target, server })));
}

/** Does something to each host, with the cluster whole in between. */
export function onEachHost(act: (stage: Stage, host: string) => Promise<void>): Make {
  return once(async (stage) => {
    for (const { name } of stage.lab.description.hosts) {
      await act(stage, name);
      await stage.lab.waitHealthy();
    }
  });
}

/** All links at once. */
export function onLinks(name: 'slow-link' | 'half-open', args: FaultArgs = {}): Make {
  return async ({ lab, links }) => {
    const made = await Promise.all(links.map((proxy) => lab.fault(name, { ...args, proxy })));
    return { heal: () => Promise.all(made.map((each) => each.heal())) };
  };
}

/** All links are reset once. */
export const resetLinks: Make = once(({ links }) => Promise.all(links.map((link) => link.reset())));

/** All links behave in a way until it is healed. */
export function linksThat(behave: LinkBehaviour, healed: LinkBehaviour): Make {
  return async ({ links }) => {
    await Promise.all(links.map((link) => link.set(behave)));
    return { heal: () => Promise.all(links.map((link) => link.set(healed))) };
  };
}

/** Made and healed in quick turns until it is healed for good: a part that works now and then. */
export function stutter(make: Make, { brokenMs, wellMs }: { brokenMs: number; wellMs: number }): Make {
  return async (stage) => {
    const over = new AbortController();
    const { signal } = over;
    const rest = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
    const turns = (async (): Promise<void> => {
      while (!signal.aborted) {
        const made = await make(stage);
        try {
          await rest(brokenMs);
        } finally {
          await made.heal();
        }
        await rest(wellMs);
      }
    })();
    // Told by heal: a turn that fails before that must not end the process.
    turns.catch(() => undefined);
    return {
      async heal() {
        over.abort();
        await turns;
      },
    };
  };
}

/** Something is done to each client's process. */
export function onClients(act: (client: Subject) => void, undo: (client: Subject) => void = () => {}): Make {
  return async ({ clients }) => {
    for (const client of clients) act(client);
    return {
      heal: async () => {
        for (const client of clients) undo(client);
      },
    };
  };
}

/** The clients' processes are stopped while something else happens, and go on `forMs` after they were. */
export function whileSuspended(meanwhile: Make, forMs: (stage: Stage) => number): Make {
  return async (stage) => {
    const stopped = await onClients(
      (client) => client.suspend(),
      (client) => client.resume(),
    )(stage);
    const over = sleep(forMs(stage));
    try {
      const made = await meanwhile(stage);
      await over;
      return made;
    } finally {
      await stopped.heal();
    }
  };
}
