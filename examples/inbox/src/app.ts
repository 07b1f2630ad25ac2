import Fastify, { LogController, type FastifyInstance } from 'fastify';
import type { HaPool } from '@steadfast/pg-ha';
import type { HaRedis } from '@steadfast/redis-ha';
import { describeError, outcomeOf } from '@steadfast/shared';
import { createConversation, listConversations, type NewConversation } from './conversations.ts';
import { answerError } from './errors.ts';
import { enqueueMessageCreated } from './jobs.ts';
import { listMessages, sendMessage, type NewMessage } from './messages.ts';
import { touchPresence } from './presence.ts';
import {
  account,
  conversation,
  counter,
  listQuery,
  newConversation,
  newMessage,
  pageQuery,
  user,
} from './shapes.ts';

/** What this process has done since it started. */
interface Counts {
  messages: number;
  jobs: number;
  /** messages that were stored but whose job could not be queued */
  untold: number;
  errors: number;
}

/** The service: its routes on one pool and one Redis client, which it does not own. */
export function buildApp(pool: HaPool, redis: HaRedis): FastifyInstance {
  const app = Fastify({
    logger: { level: process.env['LOG_LEVEL'] ?? 'info' },
    logController: new LogController({ disableRequestLogging: true }),
  });
  const counts: Counts = { messages: 0, jobs: 0, untold: 0, errors: 0 };
  app.setErrorHandler((error: Parameters<typeof answerError>[0], request, reply) => {
    answerError(error, request, reply);
    if (reply.statusCode >= 500) counts.errors += 1;
    return reply;
  });
  conversationRoutes(app, pool);
  messageRoutes(app, pool, redis, counts);
  presenceRoutes(app, redis);
  healthRoutes(app, pool, redis, counts);
  return app;
}

function conversationRoutes(app: FastifyInstance, pool: HaPool): void {
  app.post<{ Params: { accountId: number }; Body: NewConversation }>(
    '/accounts/:accountId/conversations',
    { schema: { params: account, body: newConversation } },
    async ({ params, body }, reply) =>
      reply.code(201).send(await createConversation(pool, params.accountId, body)),
  );
  app.get<{
    Params: { accountId: number };
    Querystring: { inboxId: number; status: number; agentId: number };
  }>(
    '/accounts/:accountId/conversations',
    { schema: { params: account, querystring: listQuery } },
    ({ params, query }) => listConversations(pool, { ...params, ...query }),
  );
}

function messageRoutes(app: FastifyInstance, pool: HaPool, redis: HaRedis, counts: Counts): void {
  const path = '/accounts/:accountId/conversations/:id/messages';
  type Params = { accountId: number; id: number };

  app.get<{ Params: Params; Querystring: { before?: number } }>(
    path,
    { schema: { params: conversation, querystring: pageQuery } },
    ({ params, query }) => listMessages(pool, params.accountId, params.id, query.before),
  );
  app.post<{ Params: Params; Body: NewMessage }>(
    path,
    { schema: { params: conversation, body: newMessage } },
    async ({ params, body, log }, reply) => {
      const message = await sendMessage(pool, params.accountId, params.id, body);
      counts.messages += 1;
      // The message is stored whatever happens now: a job that could not be queued is told of, not failed for.
      const job = await enqueueMessageCreated(redis, params.accountId, message).then(
        () => 'queued',
        (error: unknown) => {
          log.warn({ messageId: message.id, reason: describeError(error) }, 'stored, but nobody was told');
          return outcomeOf(error) ?? 'unknown';
        },
      );
      counts[job === 'queued' ? 'jobs' : 'untold'] += 1;
      return reply.code(201).send({ ...message, job });
    },
  );
}

function presenceRoutes(app: FastifyInstance, redis: HaRedis): void {
  app.put<{ Params: { accountId: number; userId: string } }>(
    '/accounts/:accountId/presence/:userId',
    { schema: { params: user } },
    async ({ params }) => ({ online: await touchPresence(redis, params.accountId, params.userId) }),
  );
  app.post<{ Params: { accountId: number; name: string } }>(
    '/accounts/:accountId/counters/:name',
    { schema: { params: counter } },
    async ({ params }) => ({ value: await redis.incr(`COUNTER::${params.accountId}::${params.name}`) }),
  );
}

function healthRoutes(app: FastifyInstance, pool: HaPool, redis: HaRedis, counts: Counts): void {
  app.get('/livez', () => ({ live: true }));
  app.get('/readyz', (_request, reply) => {
    const [postgres, cache] = [pool.health(), redis.health()];
    // A pool that nobody has queried looks for no primary: behind this probe nobody would until it says yes.
    const ready = (postgres.ready || postgres.state === 'idle') && cache.ready;
    return reply.code(ready ? 200 : 503).send({ ready, postgres: postgres.state, redis: cache.state });
  });
  app.get('/stats', () => ({ postgres: pool.health(), redis: redis.health(), counts }));
}
