import { defineConfig } from 'vitest/config';

/** What is waited for comes; on a busy machine it comes later. */
const expectPatiently = { expect: { poll: { timeout: 8_000 } } };

/** Bringing a cluster up, and waiting for a failover, take their time. */
const patient = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  teardownTimeout: 60_000,
  ...expectPatiently,
};

export default defineConfig({
  test: {
    coverage: {
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.support.ts'],
      reporter: ['json-summary'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,examples}/*/src/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'test/{campaign,check,sim}/src/**/*.test.ts',
            'test/suites/src/unit/**/*.test.ts',
          ],
          testTimeout: 10_000,
          ...expectPatiently,
        },
      },
      {
        test: {
          // Scripted servers on loopback: no lab.
          name: 'mock',
          include: ['test/mock/src/**/*.test.ts', 'test/suites/src/{mock,security}/*.test.ts'],
          // Every call has a deadline of its own; a test makes hundreds of them.
          testTimeout: 120_000,
          ...expectPatiently,
        },
      },
      {
        test: {
          name: 'consumer',
          include: ['test/consumer/src/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 240_000,
          ...expectPatiently,
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/src/**/*.test.ts'],
          // Each target ends by itself when an input hangs; FUZZ_RUNS may make it long.
          testTimeout: 0,
        },
      },
      {
        test: {
          name: 'lab',
          include: [
            'test/suites/src/{pg-ha,redis-ha,libraries,security/on-the-lab}/**/*.test.ts',
            'test/suites/src/lab/faults-*.test.ts',
          ],
          // A cluster each, and mostly waiting for its failovers: two at a time fit on two cores.
          maxWorkers: 2,
          ...patient,
        },
      },
      {
        test: {
          name: 'lab-alone',
          include: [
            'test/suites/src/{demo,campaign,bench}/**/*.test.ts',
            'test/suites/src/lab/lifecycle.test.ts',
            'test/lab/src/**/*.test.ts',
          ],
          // These look at the whole machine, or measure.
          fileParallelism: false,
          ...patient,
        },
      },
    ],
  },
});
