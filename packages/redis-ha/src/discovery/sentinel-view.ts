import {
  endpointKey,
  HaError,
  parseEndpoint,
  type Endpoint,
  type Instant,
  type Observation,
} from '@steadfast/shared';
import type { Translate } from '../options/nat-map.ts';
import { readEpoch } from './epoch.ts';
import { ErrorReply, fieldsOf, textOf, type Reply } from '../wire/reply.ts';

/** What one sentinel says about our master. `at` is when it was asked. */
export interface SentinelView {
  readonly sentinel: string;
  readonly at: Instant;
  readonly master: Endpoint;
  readonly epoch: number;
  readonly replicas: readonly Endpoint[];
  readonly sentinels: readonly LearntSentinel[];
  /** replicas that the sentinel counts (`num-slaves`) */
  readonly replicaCount: number;
  /** its answer to CKQUORUM; undefined where it may not be asked */
  readonly quorum: { readonly ok: boolean; readonly says: string } | undefined;
}

/** What the sentinels together said last. */
export interface SentinelSummary {
  /** sentinels that are known, and how many of them answered */
  readonly known: number;
  readonly answered: number;
  /** whether a failover could happen now (`SENTINEL CKQUORUM`); unset where none may be asked */
  readonly quorum?: boolean;
  readonly quorumSays?: string;
  /** replicas of the primary, as the sentinels count them */
  readonly replicas: number;
}

export interface LearntSentinel {
  readonly endpoint: Endpoint;
  readonly runId: string;
}

/**
 * The questions, in one write. MASTER comes before the address on purpose: once the chosen replica is promoted the leader
 * shows the new config-epoch beside the *old* address in MASTER, and the new address only in GET-MASTER-ADDR-BY-NAME;
 * in this order an epoch is never paired with an address older than itself.
 */
export function viewQuestions(master: string): string[][] {
  return [
    ['SENTINEL', 'MASTER', master],
    ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master],
    ['SENTINEL', 'REPLICAS', master],
    ['SENTINEL', 'SENTINELS', master],
    ['SENTINEL', 'CKQUORUM', master],
  ];
}

/**
 * Reads the answers to {@link viewQuestions}.
 * @throws HaError HA_CONFIG where it is no sentinel or does not know the master, HA_AUTH where it refuses us
 */
export function readView(
  answers: readonly Reply[],
  about: { sentinel: string; master: string; at: Instant },
): SentinelView {
  const [master, address, replicas, sentinels, quorum] = answers;
  if (master instanceof ErrorReply) throw viewError(master, about);
  const fields = fieldsOf(master);
  const named = Array.isArray(address) ? toEndpoint(address[0], address[1]) : undefined;
  const epoch = readEpoch(fields?.get('config-epoch'));
  if (!named || epoch === undefined)
    throw new Error(`sentinel ${about.sentinel} gave no address and config-epoch of ${about.master}`);
  return {
    sentinel: about.sentinel,
    at: about.at,
    master: named,
    epoch,
    replicas: listed(replicas).map(({ endpoint }) => endpoint),
    sentinels: listed(sentinels),
    replicaCount: count(fields?.get('num-slaves')),
    quorum: readQuorum(quorum),
  };
}

function readQuorum(reply: Reply | undefined): SentinelView['quorum'] {
  if (reply instanceof ErrorReply)
    return reply.prefix === 'NOQUORUM' ? { ok: false, says: reply.message } : undefined;
  const says = textOf(reply);
  return says === '' ? undefined : { ok: says.startsWith('OK'), says };
}

/** One that is cut off from the others sees no quorum, whatever the others see: one that sees it is enough. */
export function summarize(views: readonly SentinelView[], known: number): SentinelSummary {
  const quorums = views.flatMap((view) => view.quorum ?? []);
  const told = quorums.find(({ ok }) => ok) ?? quorums[0];
  return {
    known,
    answered: views.length,
    ...(told ? { quorum: told.ok, quorumSays: told.says } : {}),
    replicas: Math.max(0, ...views.map((view) => view.replicaCount)),
  };
}

/** A view whose addresses can be dialled from here. */
export function translated(view: SentinelView, translate: Translate): SentinelView {
  return {
    ...view,
    master: translate(view.master),
    replicas: view.replicas.map(translate),
    sentinels: view.sentinels.map((one) => ({ ...one, endpoint: translate(one.endpoint) })),
  };
}

/**
 * A view without the addresses that may not be dialled.
 * @throws Error where the master's is one of them
 */
export function admitted(view: SentinelView, mayDial: (host: string) => boolean): SentinelView {
  const { sentinel, master } = view;
  if (!mayDial(master.host))
    throw new Error(
      `sentinel ${sentinel} names ${endpointKey(master)}, a host that allowedHosts (REDIS_HA_ALLOWED_HOSTS) does not allow`,
    );
  return {
    ...view,
    replicas: view.replicas.filter(({ host }) => mayDial(host)),
    sentinels: view.sentinels.filter(({ endpoint }) => mayDial(endpoint.host)),
  };
}

function viewError(reply: ErrorReply, { sentinel, master }: { sentinel: string; master: string }): Error {
  const details = { outcome: 'notSent', member: sentinel } as const;
  const { message, prefix } = reply;
  if (prefix === 'NOAUTH' || prefix === 'NOPERM') {
    const text = `sentinel ${sentinel} wants other credentials (${message}); check REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD`;
    return new HaError('HA_AUTH', text, details);
  }
  if (/no such master/i.test(message)) {
    const text = `REDIS_SENTINEL_MASTER_NAME is '${master}'; allowed: a master that the sentinels watch, and ${sentinel} does not know it`;
    return new HaError('HA_CONFIG', text, details);
  }
  if (/unknown command/i.test(message)) {
    const text = `REDIS_SENTINELS names ${sentinel}, which is no sentinel; allowed: host:port of sentinels (usually port 26379)`;
    return new HaError('HA_CONFIG', text, details);
  }
  return new Error(`sentinel ${sentinel}: ${message}`);
}

function listed(reply: Reply | undefined): LearntSentinel[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((item) => {
    const fields = fieldsOf(item);
    const endpoint = toEndpoint(fields?.get('ip'), fields?.get('port'));
    return endpoint ? [{ endpoint, runId: fields?.get('runid') ?? '' }] : [];
  });
}

/** Only what a socket can be opened to. */
function toEndpoint(host: Reply | undefined, port: Reply | undefined): Endpoint | undefined {
  if (typeof host !== 'string' || host === '') return undefined;
  return parseEndpoint(endpointKey({ host, port: Number(textOf(port)) }), 0);
}

function count(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/**
 * The sentinels' views as observations: the highest config-epoch wins, since a sentinel that was cut off knows an older one;
 * under the same epoch the address that more of them name.
 */
export function toObservations(views: readonly SentinelView[]): Observation[] {
  const best = nominate(views);
  if (!best) return [];
  const endpoints = new Map<string, Endpoint>();
  for (const view of views)
    for (const endpoint of [view.master, ...view.replicas]) endpoints.set(endpointKey(endpoint), endpoint);
  const { sentinel: source, at } = best;
  return [
    { kind: 'listing', endpoints: [...endpoints.values()], source, at },
    { kind: 'nomination', endpoint: best.master, epoch: best.epoch, source, at },
  ];
}

function nominate(views: readonly SentinelView[]): SentinelView | undefined {
  const votes = (view: SentinelView): number =>
    views.filter(
      (other) => other.epoch === view.epoch && endpointKey(other.master) === endpointKey(view.master),
    ).length;
  return [...views].toSorted((a, b) => b.epoch - a.epoch || votes(b) - votes(a) || b.at - a.at)[0];
}
