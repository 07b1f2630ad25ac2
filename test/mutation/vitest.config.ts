import { defineConfig } from 'vitest/config';

/** The unit tests of the packages alone: each mutant is run against those that reach it. */
export default defineConfig({
  test: { include: ['packages/*/src/**/*.test.ts'], testTimeout: 60_000 },
});
