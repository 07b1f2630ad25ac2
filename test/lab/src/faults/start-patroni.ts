import { forgetSynchronousStandby } from '../control/synchrony.ts';
import type { FaultContext } from './fault-kind.ts';
import { hostNamed } from './target.ts';

/** Starts Patroni on a host again, so that a primary it takes over keeps a synchronous standby. */
export async function startPatroni({ blueprint, servers, note }: FaultContext, host: string): Promise<void> {
  // A host whose etcd cannot be reached has no key to take away.
  const forgotten = await forgetSynchronousStandby(blueprint, hostNamed(blueprint, host)).catch(() => false);
  if (forgotten) note('let Patroni choose its synchronous standby anew');
  await servers.revive(host, 'patroni');
  note(`started Patroni on ${host}`);
}
