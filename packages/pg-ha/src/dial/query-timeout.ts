import { internals } from './client-internals.ts';
import type { HaClient } from './ha-client.ts';

/**
 * pg's `query_timeout` answers the caller and leaves the statement on the wire, where it would keep the next ones waiting: the
 * newest statement is cancelled by it. An error of the server or of the link reaches a statement only after it has ceased to
 * be the active one.
 */
export function cancelOnTimeout(client: HaClient): void {
  const inner = internals(client);
  const query = inner._queryQueue.at(-1) ?? inner._sentQueryQueue?.at(-1) ?? inner._activeQuery;
  if (!query) return;
  const handleError = query.handleError.bind(query);
  query.handleError = (error, connection) => {
    if (inner._activeQuery === query) void client.cancelStatement();
    handleError(error, connection);
  };
}
