import type { HaEvents } from '@steadfast/shared';
import type { Gap } from '../pubsub/subscription-watch.ts';
import type { SurvivalReport } from '../survival/survey.ts';
import type { HoldChange } from './client-telemetry.ts';

/** The events beside ioredis's own, each with its one argument. */
export interface RedisEvents extends HaEvents {
  hold: HoldChange;
  /** after a change of primary, where `survivalReport` is on */
  survival: SurvivalReport;
  /** a subscription has been made again: what was published in between may be missing */
  gap: Gap;
}
