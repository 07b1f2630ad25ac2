type Refusal = (cause: unknown) => Error;

/** A statement that runs itself, as cursors and streams do. */
interface Submittable {
  submit: unknown;
  handleError(error: Error, connection: unknown): void;
}

/** The arguments of a query() that pg will refuse, so that whoever is told of it, by a callback, hears `refusal`. */
export function markRefusal([first, ...rest]: readonly unknown[], refusal: Refusal): unknown[] {
  if (isSubmittable(first)) {
    const tell = first.handleError.bind(first);
    first.handleError = (error, connection) => tell(refusal(error), connection);
    return [first, ...rest];
  }
  const marked = rest.map((arg) => {
    if (typeof arg !== 'function') return arg;
    return (error: Error | null, result: unknown): unknown => arg(error && refusal(error), result) as unknown;
  });
  return [first, ...marked];
}

function isSubmittable(value: unknown): value is Submittable {
  return typeof (value as Partial<Submittable> | null | undefined)?.submit === 'function';
}
