import type { Lab, LinkProxy } from '@steadfast/lab';
import { HaRedis, type HaRedisOptions } from '@steadfast/redis-ha';

/** A client whose only way to the master is a proxy that can cut it, and one that goes there directly to look. */
export async function throughProxy(
  lab: Lab,
  options: HaRedisOptions,
  run: (redis: HaRedis, link: LinkProxy, direct: HaRedis) => Promise<void>,
): Promise<void> {
  const { master } = (await lab.status()).redis ?? {};
  const target = lab.description.redis?.members.find((member) => member.name === master);
  if (!target) throw new Error('the lab has no master');
  const link = await lab.proxy({ host: target.host, port: target.port });
  const env = lab.env({ redis: 'single' });
  const redis = new HaRedis({ ...options, strategy: 'single', ...link.endpoint, env });
  const direct = new HaRedis({ strategy: 'single', host: target.host, port: target.port, env });
  try {
    await redis.ping();
    await run(redis, link, direct);
  } finally {
    redis.disconnect();
    await direct.quit();
    await link.close();
  }
}
