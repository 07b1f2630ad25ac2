/**
 * Rejects with `error`, its stack taken where it leads back to the caller and not to the socket: give it as the answer to the
 * promise that the caller waits for. V8 follows that promise to the functions that await it, in a job that the promise hangs
 * on; so what succeeds needs nothing of the kind.
 * https://v8.dev/docs/stack-trace-api#async-stack-traces
 */
export async function withCallersStack(error: Error): Promise<never> {
  // The caller's promise hangs on this one from its second job on.
  await Promise.resolve();
  await Promise.resolve();
  try {
    Error.captureStackTrace(error);
  } catch {
    // it is frozen, and stays as it is
  }
  throw error;
}
