import pg from 'pg';
import {
  DialPacer,
  endpointKey,
  HaError,
  withOutcome,
  type Endpoint,
  type Lag,
  type Seat,
  type Topology,
} from '@steadfast/shared';
import type { DialContext } from '../dial/dial-context.ts';
import { sqlstateOf } from '../errors/sqlstate.ts';
import type { HaClient } from '../dial/ha-client.ts';
import { ProbeLines, questionConfig } from '../discovery/probe-lines.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import type { ReadTarget } from '../options/session-attrs.ts';
import type { LeaseRequest } from '../pool/lease.ts';
import { spreadLifetimes } from '../pool/lifetime.ts';
import type { PoolCore, Servers } from '../pool/pool-core.ts';
import type { Tell } from '../pool/pool-events.ts';
import { forget } from '../pool/pool-internals.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { Chooser, hasReached } from './chooser.ts';
import { MemberPools } from './member-pools.ts';
import { memberTarget } from './member-target.ts';
import { blamesServer, explainRead } from './read-error.ts';
import { ReadSearch, type ReadSearchParts } from './read-search.ts';
import { ReadWatch } from './read-watch.ts';
import { readStanding, shownTimeline } from './standing.ts';
import { formatToken } from './wal-position.ts';

/** What a pool for reads is made of, beside what every pool has. */
export interface ReadsParts {
  settings: PoolSettings;
  strategy: Strategy;
  core: Omit<PoolCore, 'servers'>;
  /** of the pool's own connections; each member's differ in whom they are for */
  context: DialContext;
  target: ReadTarget;
  tell: Tell;
  /** the pool that the app holds: hears what happens in the members' pools */
  pool: () => pg.Pool;
  client: (settings: PoolSettings, context: DialContext) => new (config?: pg.ClientConfig) => HaClient;
}

/** One server as a pool for reads sees it. Plain data. */
export interface ReaderHealth {
  readonly member: string;
  readonly state: 'unasked' | 'answering' | 'ejected';
  readonly role?: 'primary' | 'replica';
  /** of a replica that answers */
  readonly lag?: Lag;
  /** why it is ejected */
  readonly reason?: string;
}

/** The members that answer reads, and the connections to them. */
export class Reads {
  readonly servers: Servers;
  readonly pools: MemberPools;
  readonly #watch: ReadWatch;
  readonly #chooser: Chooser;
  readonly #monitor: Seat;
  /** any of several standbys may be behind an address */
  readonly #vouched: boolean;
  #ended: Error | undefined;

  constructor(parts: ReadsParts) {
    const { core, settings, target } = parts;
    const { monitor, clock, random } = core;
    const { maxLagBytes, maxLagMs, loadBalanceHosts, tokenWaitMs } = settings.ha;
    const order = loadBalanceHosts === 'random' ? 'random' : 'listed';
    this.#monitor = monitor;
    this.#vouched = parts.strategy.replicas !== undefined;
    this.#watch = new ReadWatch(watchOptions(parts));
    this.pools = new MemberPools(parts.pool, (endpoint) => memberPool(parts, endpoint, this.#watch));
    this.#chooser = new Chooser({
      monitor,
      watch: this.#watch,
      clock,
      random,
      wish: { prefer: target.prefer, maxLagBytes, maxLagMs, order },
      readOnlyPrimary: target.readOnlyPrimary,
      vouched: this.#vouched,
      rereadsPassword: core.rereadsPassword,
      asItIs: parts.strategy.asItIs ?? false,
      load: (endpoint) => this.pools.load(endpoint),
    });
    this.servers = this.#servers({
      clock,
      random,
      monitor,
      tokenWaitMs,
      watch: this.#watch,
      pools: this.pools,
      chooser: this.#chooser,
      hasReached: parts.strategy.replicas && ((client, request) => this.#askWhetherReached(client, request)),
      answerMs: settings.ha.probeTimeoutMs,
      onGrant: (request) => this.#tellOfEndedTimeline(request, parts.tell),
    });
  }

  /** Connections to a primary that has been replaced are worthless; those to standbys are not. */
  follow(next: Topology): void {
    this.pools.evict(
      (client) => client.supersededBy(next),
      (client) =>
        client.interrupt(
          new HaError('HA_INTERRUPTED', 'another server is the primary now', { outcome: 'unknown' }),
        ),
    );
  }

  /** A link that is silent is cut when its server does not answer a look either: what is on it can be read elsewhere. */
  heardNothing(client: HaClient, silentMs: number): void {
    const { endpoint } = client;
    if (!endpoint) return;
    // It is being read, however long ago that began.
    this.#watch.use();
    const state = this.#watch.stateOf(endpoint);
    // One that refuses a login is there, and may be busy with what was asked on this link.
    if (state.at !== 'ejected' || refused(state.error)) return this.#watch.suspect(endpoint);
    const why = `no byte for ${Math.round(silentMs)} ms, and ${state.error.message}`;
    client.interrupt(new HaError('HA_CONNECTION_LOST', why, { outcome: 'unknown' }));
  }

  /** Whom to ask what became of the session on a link; undefined where another server may answer, or nobody does. */
  serverOf({ endpoint }: HaClient): Endpoint | undefined {
    if (!endpoint || this.#vouched) return undefined;
    return this.#watch.stateOf(endpoint).at === 'ejected' ? undefined : endpoint;
  }

  health(): readonly ReaderHealth[] {
    this.#watch.keepUp();
    return this.#watch.members().map((each) => {
      const { endpoint, state } = each;
      const member = endpointKey(endpoint);
      if (state.at === 'unasked') return { member, state: 'unasked' };
      if (state.at === 'ejected') return { member, state: 'ejected', reason: state.error.message };
      const lag = this.#chooser.lagOf(each);
      return { member, state: 'answering', role: state.standing.role, ...(lag && { lag }) };
    });
  }

  async end(): Promise<void> {
    this.#ended = new Error('Cannot use a pool after calling end on the pool'); // pg-pool's own words
    this.#watch.endWaiting(() => new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' }));
    // What is in flight is watched over until it has ended.
    await this.pools.end().finally(() => this.#watch.close());
  }

  #servers(parts: ReadSearchParts): Servers {
    return {
      readsOnly: true,
      lease: (request) => {
        if (this.#ended) request.failed(withOutcome(this.#ended, 'notSent'));
        else new ReadSearch(parts, request).start();
      },
      ready: () => Promise.resolve(),
      blames: blamesServer,
      explain: explainRead,
    };
  }

  /** Behind an address that leads to any of several standbys, only the connection itself can say how far its server is. */
  async #askWhetherReached(client: pg.PoolClient, { after }: LeaseRequest): Promise<boolean> {
    if (!after) return true;
    const standing = await readStanding(client);
    const { role, position } = standing;
    const { epoch } = this.#monitor.topology;
    const place = role === 'primary' ? undefined : { position, timeline: shownTimeline(standing) };
    return hasReached(place, after, epoch, this.#watch.log);
  }

  /** What was written under a timeline that has ended may not have come over: whoever has its token may want to know. */
  #tellOfEndedTimeline({ after }: LeaseRequest, tell: Tell): void {
    const { epoch } = this.#monitor.topology;
    if (!after || after.timeline === 0 || epoch === undefined || after.timeline >= epoch) return;
    const { timeline } = after;
    tell('superseded', { token: formatToken(after), timeline, current: epoch });
  }
}

function watchOptions({
  settings,
  strategy,
  core,
  context,
}: ReadsParts): ConstructorParameters<typeof ReadWatch>[0] {
  const { ha, pool } = settings;
  const config = questionConfig(pool, strategy.stream);
  const { monitor, clock, random, rereadsPassword } = core;
  const { replicas, observe } = strategy;
  return {
    monitor,
    rereadsPassword,
    clock,
    random,
    lines: new ProbeLines({ clock, config, fresh: false, applicationName: 'steadfast-reads' }),
    who: context.who,
    replicas,
    observe,
    // A bound can only be kept by looking more often than it is long.
    refreshMs: Math.min(ha.readerRefreshMs, (ha.maxLagMs ?? Infinity) / 3),
    hurriedMaxMs: ha.searchMaxMs,
    probeTimeoutMs: ha.probeTimeoutMs,
    maxWaiting: ha.maxWaiting,
  };
}

/** pg-pool as it is, for one member. Its sessions may not write, so that a read that fell back to the primary cannot either. */
function memberPool(
  { settings, strategy, core, context, target, client }: ReadsParts,
  endpoint: Endpoint,
  watch: ReadWatch,
): pg.Pool {
  const { monitor, clock, random } = core;
  const { replicas, observe } = strategy;
  const stream = settings.pool.stream ?? strategy.stream;
  const ofReplicas = replicas?.some((each) => endpointKey(each) === endpointKey(endpoint)) === true;
  const dial: DialContext = {
    ...context,
    gone: (lost) => forget(pool, lost),
    pacer: new DialPacer(clock, random, { concurrency: settings.ha.dialConcurrency }),
    target: memberTarget({
      endpoint,
      monitor,
      observe: ofReplicas ? undefined : observe,
      primaryToo: target.prefer !== 'standby' || target.readOnlyPrimary,
      standbyToo: !replicas || ofReplicas,
      suspect: (at) => watch.suspect(at),
    }),
  };
  const options = settings.pool.options ?? process.env['PGOPTIONS'] ?? '';
  const { verify } = core.verification;
  const pool = new pg.Pool({
    ...settings.pool,
    ...endpoint,
    ...(verify && { verify }),
    ...(stream && { stream }),
    ...(settings.pooler ? {} : { options: `${options} -c default_transaction_read_only=on`.trim() }),
    Client: client(settings, dial),
  } as pg.PoolConfig);
  spreadLifetimes(pool, settings.ha.maxLifetimeJitterPercent, core);
  return pool;
}

/** The server itself has answered the dial. */
function refused(error: HaError): boolean {
  return error.code === 'HA_AUTH' || sqlstateOf(error.cause) !== undefined;
}
