import type { Redis } from 'ioredis';
import type { StoredMessage } from './messages.ts';

/** Workers take from the other end (BRPOP). */
const QUEUE = 'queue:events';

/** Tells the workers about a stored message: webhooks, notifications, the agents' browsers. */
export async function enqueueMessageCreated(redis: Redis, message: StoredMessage): Promise<void> {
  const job = { class: 'MessageCreated', messageId: message.id, sourceId: message.sourceId };
  await redis.lpush(QUEUE, JSON.stringify(job));
}
