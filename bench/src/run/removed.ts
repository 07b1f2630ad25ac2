const REMOVE_MS = 30_000;

/** What is removed, in words, and from where. */
export interface Removal {
  readonly from: string;
  readonly what: string;
  readonly remove: () => Promise<unknown>;
}

/** Removes what a run has made. What cannot be removed in time is said, and is no error: it would hide the one before it. */
export async function removed(
  { from, what, remove }: Removal,
  withinMs: number = REMOVE_MS,
): Promise<string[]> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`not done within ${withinMs} ms`)), withinMs).unref(),
  );
  try {
    await Promise.race([remove(), late]);
    return [];
  } catch (error) {
    return [`Not removed from ${from}: ${what} (${(error as Error).message}). Remove them by hand.`];
  }
}
