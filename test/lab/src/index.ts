export { Lab } from './lab.ts';
export { FaultUnavailable, LabError } from './errors.ts';
export { FAULTS } from './faults/table.ts';
export type { FaultKind, FaultPlan } from './faults/fault-kind.ts';
export type { LabObservers } from './observers/observers.ts';
export { monotonicMs } from './monotonic.ts';
export type * from './types.ts';
