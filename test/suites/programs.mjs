/**
 * What the suites run beside the servers of the lab (test/lab/programs.mjs), in the same shape: a browser to look at the
 * report of the benchmark with, which the lab and the demo do without.
 */
export const programs = [{ program: 'chromium', package: 'chromium' }];
