import type { ClientBase } from 'pg';

/** Errors of servers, by the client on which they came. */
const SAID = new WeakMap<Error, ClientBase>();

/** The server behind `client` has answered with this error. */
export function noteServerError(client: ClientBase, error: Error): void {
  SAID.set(error, client);
}

/** Whether an error is what the server behind `client` has answered. */
export function hasSaid(client: ClientBase, error: Error): boolean {
  return SAID.get(error) === client;
}
