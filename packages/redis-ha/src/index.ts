export { HaRedis } from './ha-redis.ts';
export type { RedisEvents } from './telemetry/redis-events.ts';
export type { HoldChange } from './telemetry/client-telemetry.ts';
export type { CommandStep } from './telemetry/command-story.ts';
export type { SentinelSummary } from './discovery/sentinel-view.ts';
export type { AppLogger, HaRedisOptions } from './options/settings.ts';
export type { UseOptions } from './dedicated/dedicated-pool.ts';
export type { Taken, TakeOptions } from './dedicated/take.ts';
export type { Lock } from './lock/lock.ts';
export type { LockOptions } from './lock/lock-options.ts';
export { NotDurableError, type DurableOptions } from './once/durable.ts';
export type { HaReader } from './reader/ha-reader.ts';
export type { ReplicaStatus } from './reader/replica-set.ts';
export { OnceError } from './once/once-error.ts';
export type { OnceOp, OnceOptions, OnceScript } from './once/once.ts';
export type { SurvivalReport } from './survival/survey.ts';
export type { Published, PublishOptions } from './pubsub/publish-kept.ts';
export type { BridgedGap, Subscriber, SubscriberOptions } from './pubsub/subscriber.ts';
export type { Gap } from './pubsub/subscription-watch.ts';
export type { RedisHealth } from './group/health.ts';
export {
  HaError,
  isHaError,
  outcomeOf,
  type HaCode,
  type Outcome,
  type TopologyChange,
} from '@steadfast/shared';
