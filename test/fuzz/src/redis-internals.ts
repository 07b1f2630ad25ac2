/** What reads the outside world in redis-ha, from its build: the package's door shows none of it. */
export {
  classifyReply,
  isByRole,
  saysReplica,
} from '../../../packages/redis-ha/dist/commands/error-reply.js';
export { isSafeToRepeat } from '../../../packages/redis-ha/dist/commands/idempotence.js';
export { blockingMs, shorten } from '../../../packages/redis-ha/dist/commands/blocking.js';
export { parseHello } from '../../../packages/redis-ha/dist/discovery/hello.js';
export { parseSentinelEvent } from '../../../packages/redis-ha/dist/discovery/sentinel-event.js';
export {
  readView,
  summarize,
  toObservations,
} from '../../../packages/redis-ha/dist/discovery/sentinel-view.js';
export { concealArguments } from '../../../packages/redis-ha/dist/driver/conceal.js';
export { onceFor, type OnceHost } from '../../../packages/redis-ha/dist/once/once.js';
export { readArguments } from '../../../packages/redis-ha/dist/options/arguments.js';
export { OPTION_TABLE } from '../../../packages/redis-ha/dist/options/option-table.js';
export { readSettings } from '../../../packages/redis-ha/dist/options/settings.js';
export { tlsRefusal } from '../../../packages/redis-ha/dist/options/tls.js';
export { readReplication } from '../../../packages/redis-ha/dist/reader/replication-info.js';
export { identify } from '../../../packages/redis-ha/dist/wire/identify.js';
export { ErrorReply, type Reply } from '../../../packages/redis-ha/dist/wire/reply.js';
export { RespReader } from '../../../packages/redis-ha/dist/wire/resp.js';
