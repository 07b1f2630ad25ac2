import { Socket } from 'node:net';
import { socketLookup, type NameLookup } from '@steadfast/shared';

/** A socket for pg's `stream` option that finds its host by `find`; the name stays the one that TLS verifies. */
export function lookupSocket(find: NameLookup): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (options: object) => Socket;
  const lookup = socketLookup(find);
  const connectByName = (port: number, host: string): Socket =>
    connect({ port, host, lookup, autoSelectFamily: true });
  return Object.assign(socket, { connect: connectByName });
}
