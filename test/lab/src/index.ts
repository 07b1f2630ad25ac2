export { Lab } from './lab.ts';
export { FaultUnavailable, LabError } from './errors.ts';
export { monotonicMs } from './monotonic.ts';
export type * from './types.ts';
