export * from './history.ts';
export * from './verdict.ts';
export * from './set.ts';
export * from './counter.ts';
export * from './exactly-once.ts';
export * from './deadline.ts';
export * from './fencing.ts';
