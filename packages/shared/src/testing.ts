export * from './runtime/manual-clock.ts';
