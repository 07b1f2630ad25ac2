import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,examples}/*/src/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'test/{campaign,check}/src/**/*.test.ts',
            'test/suites/src/unit/**/*.test.ts',
          ],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'consumer',
          include: ['test/consumer/src/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'lab',
          include: [
            'test/suites/src/{lab,pg-ha,redis-ha,demo,libraries,campaign}/**/*.test.ts',
            'test/lab/src/**/*.test.ts',
          ],
          // One cluster at a time: two labs on two cores would measure each other.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          teardownTimeout: 60_000,
        },
      },
    ],
  },
});
