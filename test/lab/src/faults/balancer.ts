import { BALANCER } from '../blueprint.ts';
import { defineFault, NOTHING_TO_HEAL, type FaultKind } from './fault-kind.ts';

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
