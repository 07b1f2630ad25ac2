import type { Target } from '../target.ts';
import { certificates } from './certificates.ts';
import { controlPlanes } from './control-planes.ts';
import { errorTargets } from './errors.ts';
import { growth } from './growth.ts';
import { names } from './names.ts';
import { pgSettings } from './pg-settings.ts';
import { proofs } from './proofs.ts';
import { redisSettings } from './redis-settings.ts';
import { sql } from './sql.ts';

export const TARGETS: readonly Target[] = [
  ...pgSettings,
  ...redisSettings,
  ...certificates,
  ...controlPlanes,
  ...errorTargets,
  ...sql,
  ...proofs,
  ...names,
  ...growth,
];
