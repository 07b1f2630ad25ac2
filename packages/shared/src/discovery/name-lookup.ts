import { lookup, Resolver } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { endpointKey, type Endpoint } from '../topology/endpoint.ts';

/** Finds all addresses of a host name, anew each time: Node caches none. */
export type NameLookup = (hostname: string) => Promise<readonly string[]>;

/** Asks the system, or the given name servers. */
export function nameLookup(servers: readonly Endpoint[] | undefined): NameLookup {
  if (!servers) return (hostname) => systemLookup(hostname);
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers(servers.map(endpointKey));
  return async (hostname) => {
    if (isIP(hostname) !== 0) return [hostname];
    const [v4, v6] = await Promise.allSettled([
      ask((done) => resolver.resolve4(hostname, done)),
      ask((done) => resolver.resolve6(hostname, done)),
    ]);
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
    return found;
  };
}

/** As a socket's `lookup`, so that every dial finds the name anew; TLS goes on to verify the name. */
export function socketLookup(find: NameLookup): LookupFunction {
  return (hostname, { all, family }, done) => {
    find(hostname).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        const wanted = found.filter(
          (one) => !family || one.family === Number(String(family).replace('IPv', '')),
        );
        const [first] = wanted;
        if (!first)
          done(new Error(`${hostname} has no address${found.length > 0 ? ' of the wanted family' : ''}`), []);
        else if (all) done(null, wanted);
        else done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
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
