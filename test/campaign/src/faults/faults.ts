import type { CampaignFault } from './campaign-fault.ts';
import { PG_FAULTS } from './pg-faults.ts';
import { REDIS_FAULTS } from './redis-faults.ts';

export const CAMPAIGN_FAULTS: readonly CampaignFault[] = [...PG_FAULTS, ...REDIS_FAULTS];
