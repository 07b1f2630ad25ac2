/** Somebody has pressed Ctrl-C, or asked the process to end: what was made is removed, and nothing else begun. */
export class Interrupted extends Error {
  override readonly name: string = 'Interrupted';
}

/** Runs with a signal that is aborted by the first SIGINT or SIGTERM; a second one ends the process at once. */
export async function interruptible<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    console.error(`\n${name}: ending, and removing what was made; once more ends at once`);
    controller.abort(new Interrupted(`ended by ${name}`));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  try {
    return await run(controller.signal);
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
