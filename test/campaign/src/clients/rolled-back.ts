/** SQLSTATEs under which a server may have committed all the same: it was told to stop while it waited for its standby. */
const STOPPED = /^(57P0[12]|08|40003)/;

/**
 * Whether an error of a stock driver says that the work was rolled back. Only a server's own error does, which has a severity: a
 * code alone may be that of a broken link, and EPIPE looks like an SQLSTATE. By a PANIC the server may have committed.
 */
export function rolledBack(error: unknown): boolean {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  if (typeof code !== 'string' || typeof severity !== 'string') return false;
  return /^[0-9A-Z]{5}$/.test(code) && severity !== 'PANIC' && !STOPPED.test(code);
}
