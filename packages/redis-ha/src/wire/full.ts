import { endpointKey, type Endpoint } from '@steadfast/shared';
import { ErrorReply, type Reply } from './reply.ts';

/** A server that has as many clients as it may: it is there, and serves those it has. */
export class Full extends Error {
  constructor(endpoint: Endpoint, says: string) {
    super(`${endpointKey(endpoint)} takes no more clients (${says}); see its maxclients`);
  }
}

/** A server that is full says so instead of answering, once, whatever it was asked, and closes the connection. */
export function saysFull(reply: Reply | undefined): reply is ErrorReply {
  return reply instanceof ErrorReply && /max number of clients/i.test(reply.message);
}
