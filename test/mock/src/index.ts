export * as pgMessages from './pg/messages.ts';
export { Tables } from './pg/tables.ts';
export type { PgSaying } from './pg/pg-session.ts';
export { ScriptedPostgres } from './pg/scripted-postgres.ts';
export type { Rule, Scripted, Step, When } from './script.ts';
export { ScriptedServer, type Link, type Request, type Session } from './scripted-server.ts';
export { encodeReply, type Reply } from './redis/resp.ts';
export { ScriptedRedis } from './redis/scripted-redis.ts';
export {
  aboutMaster,
  aboutReplica,
  MASTER,
  ScriptedSentinel,
  type Address,
} from './redis/scripted-sentinel.ts';
