import { monotonicMs, type Lab } from '@steadfast/lab';
import { Redis } from 'ioredis';

/** Makes the master fail, or hand over, and waits until a majority of sentinels names another. */
export async function failOver(lab: Lab, fault: 'sentinel-failover' | 'redis-crash'): Promise<void> {
  await untilSettled(lab);
  const observers = await lab.observe();
  const { master = '' } = (await lab.status()).redis ?? {};
  const since = monotonicMs();
  await lab.fault(fault, fault === 'redis-crash' ? { target: 'master' } : {});
  await observers.waitFor({ kind: 'sentinel-names', since, notMember: master }, 30_000);
  await observers.stop();
}

/** A failover that falls into the end of another is put off for twice the failover timeout: that one has to end first. */
export async function untilSettled(lab: Lab): Promise<void> {
  const { redis } = lab.description;
  if (!redis) throw new Error('the lab has no Redis');
  const sentinels = redis.sentinels.map(
    ({ host, port }) => new Redis({ host, port, password: redis.sentinelPassword }),
  );
  const isSettled = async (sentinel: Redis): Promise<boolean> => {
    const [master, replicas] = (await Promise.all([
      sentinel.call('SENTINEL', 'MASTER', redis.masterName),
      sentinel.call('SENTINEL', 'REPLICAS', redis.masterName),
    ])) as [string[], string[][]];
    const follows = replicas.some(
      (fields) => valueOf(fields, 'flags') === 'slave' && valueOf(fields, 'master-link-status') === 'ok',
    );
    return valueOf(master, 'flags') === 'master' && follows;
  };
  try {
    for (let tries = 0; tries < 300; tries++) {
      if ((await Promise.all(sentinels.map(isSettled))).every(Boolean)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the failover before this one did not end within 30 s');
  } finally {
    for (const sentinel of sentinels) sentinel.disconnect();
  }
}

function valueOf(fields: readonly string[], name: string): string | undefined {
  return fields[fields.indexOf(name) + 1];
}
