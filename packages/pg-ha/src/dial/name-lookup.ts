import { lookup, Resolver } from 'node:dns';
import { isIP, Socket, type LookupFunction } from 'node:net';
import { endpointKey, type Endpoint } from '@steadfast/shared';

/** Finds all addresses of a host name, anew each time: Node caches none. */
export type NameLookup = (hostname: string) => Promise<readonly string[]>;

/** Asks the system, or the given name servers. */
export function nameLookup(servers: readonly Endpoint[] | undefined): NameLookup {
  if (!servers) return (hostname) => systemLookup(hostname);
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers(servers.map(endpointKey));
  return async (hostname) => {
    const [v4, v6] = await Promise.allSettled([
      ask((done) => resolver.resolve4(hostname, done)),
      ask((done) => resolver.resolve6(hostname, done)),
    ]);
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
    return found;
  };
}

function systemLookup(hostname: string): Promise<string[]> {
  return ask((done) =>
    lookup(hostname, { all: true }, (error, addresses) =>
      done(error, addresses?.map(({ address }) => address) ?? []),
    ),
  );
}

function ask(start: (done: (error: Error | null, addresses: string[]) => void) => void): Promise<string[]> {
  return new Promise((resolve, reject) =>
    start((error, addresses) => (error ? reject(error) : resolve(addresses))),
  );
}

/** A socket for pg's `stream` option that finds its host by `find`; the name stays the one that TLS verifies. */
export function lookupSocket(find: NameLookup): Socket {
  const socket = new Socket();
  const connect = socket.connect.bind(socket) as (options: object) => Socket;
  const byName: LookupFunction = (hostname, _options, done) => {
    find(hostname).then(
      (addresses) =>
        done(
          null,
          addresses.map((address) => ({ address, family: isIP(address) })),
        ),
      (error: Error) => done(error, []),
    );
  };
  const connectByName = (port: number, host: string): Socket =>
    connect({ port, host, lookup: byName, autoSelectFamily: true });
  return Object.assign(socket, { connect: connectByName });
}
