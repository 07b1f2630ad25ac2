/**
 * Mutation of what decides: `pnpm mutation`, or one part of it with `pnpm mutation --mutate 'packages/shared/src/policy/*.ts'`.
 * What has survived, and why it may, stands in survivors.md.
 */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [
    'packages/shared/src/{policy,topology}/*.ts',
    'packages/pg-ha/src/errors/*.ts',
    'packages/pg-ha/src/transaction/commit-proof.ts',
    'packages/redis-ha/src/commands/{error-reply,idempotence,after-loss}.ts',
    'packages/redis-ha/src/once/{once,read-work,script}.ts',
    '!**/*.test.ts',
  ],
  ignorePatterns: ['dist', 'bench', 'examples', '.steadfast'],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 5_000,
  // TypeScript 7 has no compiler API, by which Stryker would rewrite tsconfig files in its copy; nothing here needs that.
  tsconfigFile: 'none',
  tempDirName: 'coverage/stryker',
  reporters: ['clear-text', 'json', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Several runs may go side by side, each into a report of its own.
  jsonReporter: { fileName: process.env['MUTATION_REPORT'] ?? 'coverage/mutation.json' },
};
