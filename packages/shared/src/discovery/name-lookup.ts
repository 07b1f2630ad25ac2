import { lookup, Resolver, type ResolverOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Clock } from '../runtime/clock.ts';
import { endpointKey, type Endpoint } from '../topology/endpoint.ts';

/** Finds all addresses of a host name, anew each time: Node caches none. */
export type NameLookup = (hostname: string) => Promise<readonly string[]>;

/** The name exists without an address of that family, or does not exist. */
const NONE: ReadonlySet<unknown> = new Set(['ENODATA', 'ENOTFOUND']);

/** A question to a name server that hangs for so long gets company, ms. */
const ALONE_MS = 100;

/** How often it is asked anew from then on, and for how long each of these waits, ms. */
const KNOCK_MS = 50;
const KNOCK_TIMEOUT_MS = 150;

/**
 * Asks the system, or the given name servers. A question to those whose packet is lost would be sent again a second later, and
 * a way that heals in between would go unnoticed: so it is asked anew beside the first one, and whoever wants to know the same
 * meanwhile waits for the same answer.
 */
export function nameLookup(servers: readonly Endpoint[] | undefined, clock: Clock): NameLookup {
  if (!servers) return (hostname) => systemLookup(hostname);
  const patient = resolverOf(servers, { timeout: 1_000, tries: 2 });
  const brief = resolverOf(servers, { timeout: KNOCK_TIMEOUT_MS, tries: 1 });
  const underWay = new Map<string, Promise<readonly string[]>>();
  return (hostname) => {
    if (isIP(hostname) !== 0) return Promise.resolve([hostname]);
    const asked =
      underWay.get(hostname) ??
      knocking(clock, addressesOf(patient, hostname, false), () =>
        addressesOf(brief, hostname, true),
      ).finally(() => underWay.delete(hostname));
    underWay.set(hostname, asked);
    return asked;
  };
}

function resolverOf(servers: readonly Endpoint[], options: ResolverOptions): Resolver {
  const resolver = new Resolver(options);
  resolver.setServers(servers.map(endpointKey));
  return resolver;
}

/** Of both families. What has none of one is `whole` without it; half an answer, since a packet was lost, is not. */
async function addressesOf(resolver: Resolver, hostname: string, whole: boolean): Promise<readonly string[]> {
  const [v4, v6] = await Promise.allSettled([
    ask((done) => resolver.resolve4(hostname, done)),
    ask((done) => resolver.resolve6(hostname, done)),
  ]);
  const lost = [v4, v6].find((answer) => answer.status === 'rejected' && !NONE.has(codeOf(answer.reason)));
  if (whole && lost?.status === 'rejected') throw lost.reason;
  const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length === 0 && v4.status === 'rejected') throw v4.reason;
  return found;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** Settles as `first` does, or resolves with the answer to a later question. */
function knocking<T>(clock: Clock, first: Promise<T>, again: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const knock = (): void => {
      timer = clock.timer(KNOCK_MS, knock, { background: true });
      // Why one has failed is for the first to say.
      again().then(settle, () => undefined);
    };
    const settle = (answer: T): void => {
      timer.cancel();
      resolve(answer);
    };
    let timer = clock.timer(ALONE_MS, knock, { background: true });
    first.then(settle, (error: unknown) => {
      timer.cancel();
      reject(error as Error);
    });
  });
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
