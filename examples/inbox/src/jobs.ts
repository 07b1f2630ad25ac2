import { randomUUID } from 'node:crypto';
import type { HaRedis } from '@steadfast/redis-ha';
import type { StoredMessage } from './messages.ts';

/** Workers take from the other end (BRPOP). */
const QUEUE = 'queue:events';

/**
 * Tells the workers about a stored message (webhooks, notifications, the agents' browsers) and counts it. Neither command
 * bears repeating, so both run as one piece of work with a name: however often it is sent, it is applied once. The name is
 * no id of the database: after a failover that lost rows, a sequence gives the same numbers out again.
 */
export async function enqueueMessageCreated(
  redis: HaRedis,
  accountId: number,
  message: StoredMessage,
): Promise<void> {
  const job = { class: 'MessageCreated', messageId: message.id, sourceId: message.sourceId };
  await redis.once(
    [
      ['LPUSH', QUEUE, JSON.stringify(job)],
      ['INCR', `COUNTER::${accountId}::messages`],
    ],
    { token: randomUUID() },
  );
}
