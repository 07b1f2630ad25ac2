import type { HaEvents } from '@steadfast/shared';
import type { SurvivalReport } from '../survival/survey.ts';
import type { HoldChange } from './client-telemetry.ts';

/** The events beside ioredis's own, each with its one argument. */
export interface RedisEvents extends HaEvents {
  hold: HoldChange;
  /** after a change of primary, where `survivalReport` is on */
  survival: SurvivalReport;
}
