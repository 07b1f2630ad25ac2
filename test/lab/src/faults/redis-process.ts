import { LabError } from '../errors.ts';
import { defineFault, type FaultContext, type FaultKind } from './fault-kind.ts';
import { frozen } from './frozen.ts';
import { targetHost } from './target.ts';

const target = "default 'master'; h1, h2, h3, master, replica";
const needs: NonNullable<FaultKind['needs']> = ['redis'];

async function plan(
  { blueprint }: FaultContext,
  args: Parameters<FaultKind['plan']>[1],
): Promise<{ target: string }> {
  return { target: (await targetHost(blueprint, args, 'master', 'redis')).name };
}

export const redisCrash: FaultKind = defineFault({
  meaning: "SIGKILL to the host's Redis; its Sentinel lives",
  healing:
    'starts Redis again on the append-only file it left; a former master comes back as one until Sentinel turns it',
  target,
  needs,
  plan,
  async make({ servers, note }, { target: host }) {
    if (!(await servers.stop(host, 'redis', 'SIGKILL'))) throw new LabError(`redis on ${host} does not run`);
    note(`killed Redis on ${host}`);
  },
  async heal({ servers, note }, { target: host }) {
    await servers.revive(host, 'redis');
    note(`started Redis on ${host}`);
  },
});

export const redisFreeze: FaultKind = frozen({
  meaning: "SIGSTOP to the host's Redis: it accepts connections and answers nothing; its Sentinel lives",
  target,
  server: 'redis',
  needs,
  title: 'Redis',
  plan,
});

export const sentinelMinority: FaultKind = frozen({
  meaning:
    'SIGSTOP to one of three Sentinels: it accepts connections and answers nothing; the other two can still fail over, and healed it is in TILT mode for 30 s, in which it sees and votes nothing',
  target: 'default h1, which clients ask first; h1, h2, h3, master, replica',
  server: 'sentinel',
  needs,
  title: 'Sentinel',
  async plan({ blueprint }, args) {
    return { target: (await targetHost(blueprint, args, 'h1', 'redis')).name };
  },
});
