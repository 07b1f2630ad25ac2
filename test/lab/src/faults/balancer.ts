import { BALANCER, type Blueprint } from '../blueprint.ts';
import { haproxyCommand } from '../control/haproxy-admin.ts';
import { defineFault, NOTHING_TO_HEAL, type FaultContext, type FaultKind } from './fault-kind.ts';

const needs: NonNullable<FaultKind['needs']> = ['haproxy'];
const target = 'HAProxy, always';
const plan = (): Promise<{ target: string }> => Promise.resolve({ target: 'haproxy' });

export const haproxyRestart: FaultKind = defineFault({
  meaning:
    'HAProxy is stopped by SIGTERM, which cuts all its connections, and started again at once; until its first checks it takes every member for up',
  healing: `${NOTHING_TO_HEAL}HAProxy runs again when the fault resolves`,
  target,
  needs,
  plan,
  async make({ servers, note }) {
    await servers.stop(BALANCER, 'haproxy', 'SIGTERM');
    note('stopped HAProxy');
    await servers.revive(BALANCER, 'haproxy');
    note('started HAProxy');
  },
  async heal({ servers }) {
    await servers.revive(BALANCER, 'haproxy');
  },
});

export const haproxyDown: FaultKind = defineFault({
  meaning: 'SIGKILL to HAProxy: its connections are reset, new ones are refused',
  healing: 'starts HAProxy again',
  target,
  needs,
  plan,
  async make({ servers, note }) {
    await servers.stop(BALANCER, 'haproxy', 'SIGKILL');
    note('killed HAProxy');
  },
  async heal({ servers, note }) {
    await servers.revive(BALANCER, 'haproxy');
    note('started HAProxy');
  },
});

/** Says the same of each server behind the primary port. */
async function onServers(blueprint: Blueprint, line: (server: string) => string): Promise<void> {
  for (const { name } of blueprint.hosts) await haproxyCommand(blueprint, line(`primary/${name}`));
}

export const haproxyStale: FaultKind = defineFault({
  meaning:
    'HAProxy stops its checks behind the primary port and goes on to lead to the member that was up, whatever is promoted; its connections are not cut when that is demoted',
  healing: 'the checks go on',
  target,
  needs,
  plan,
  async make({ blueprint, note }) {
    await onServers(blueprint, (server) => `disable health ${server}`);
    note('stopped the checks of HAProxy');
  },
  heal: checkAgain,
});

export const haproxyBoth: FaultKind = defineFault({
  meaning:
    'HAProxy takes every member for up behind the primary port and leads to each in turn, as where all of them answer its check with 200',
  healing: 'the checks go on',
  target,
  needs,
  plan,
  async make({ blueprint, note }) {
    await onServers(blueprint, (server) => `disable health ${server}`);
    await onServers(blueprint, (server) => `set server ${server} health up`);
    note('HAProxy leads to every member');
  },
  heal: checkAgain,
});

async function checkAgain({ blueprint, note }: FaultContext): Promise<void> {
  await onServers(blueprint, (server) => `enable health ${server}`);
  note('the checks of HAProxy go on');
}
