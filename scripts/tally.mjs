import { readFileSync } from 'node:fs';

/** What one step adds to the closing line. */
const counts = (passed, failed, skipped = 0) => ({ passed, failed, skipped });

export const ofCheck = (status) => (status === 0 ? counts(1, 0) : counts(0, 1));

/**
 * Reads vitest's JSON report. A run that failed without a failed test (a file that does not load, an error
 * outside of a test, no report at all) still counts as one failure.
 */
export function ofSuite(status, reportFile) {
  let report;
  try {
    report = JSON.parse(readFileSync(reportFile, 'utf8'));
  } catch {
    return counts(0, 1);
  }
  const failed = report.numFailedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  // A run that tests nothing proves nothing.
  const hollow = report.numPassedTests === 0 && failed === 0;
  return counts(report.numPassedTests, failed === 0 && (status !== 0 || hollow) ? 1 : failed, skipped);
}

export function sum(all) {
  const total = (key) => all.reduce((n, one) => n + one[key], 0);
  return counts(total('passed'), total('failed'), total('skipped'));
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
