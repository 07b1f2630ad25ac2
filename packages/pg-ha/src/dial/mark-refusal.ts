type Refusal = (cause: unknown) => Error;

/** The arguments of a query() that pg will refuse, so that whoever is told of it, by a callback, hears `refusal`. */
export function markRefusal(args: readonly unknown[], refusal: Refusal): unknown[] {
  return args.map((arg) => {
    if (typeof arg !== 'function') return arg;
    return (error: Error | null, result: unknown): unknown => arg(error && refusal(error), result) as unknown;
  });
}
