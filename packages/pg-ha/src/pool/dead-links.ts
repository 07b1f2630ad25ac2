import {
  asError,
  describeError,
  endpointKey,
  HaError,
  primaryOf,
  type Clock,
  type Endpoint,
  type Instant,
  type HaLogger,
  type Seat,
} from '@steadfast/shared';
import type pg from 'pg';
import { internals } from '../dial/client-internals.ts';
import type { HaClient } from '../dial/ha-client.ts';
import { ProbeLines, questionConfig } from '../discovery/probe-lines.ts';
import type { PoolSettings } from '../options/pool-options.ts';
import type { PoolCore } from './pool-core.ts';

/**
 * A link with work on it that has been silent for less is not asked about, ms: what fits into the kernel's buffers may still be
 * on its way there.
 */
const LEAST_SILENCE_MS = 3_000;

/** Where the server could not be asked (it may be full), it is asked again when the silence is so much longer. */
const SOONER = 1.25;

/**
 * `self` is how the server calls the session that asks, `working` those of the ones asked about that answer no statement yet.
 * `standby` is text, whatever the app's type parsers make of booleans.
 */
interface SessionsRow {
  self: string;
  standby: string;
  working: string;
}

/** A session that has ended its work just now may have its answer on the way. Other users' sessions have no state for us. */
const SESSIONS_SQL = `SELECT pg_backend_pid()::text AS self, pg_is_in_recovery()::text AS standby, array_to_string(array(
    SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1::int[])
    AND (state IS NULL OR state NOT LIKE 'idle%' OR clock_timestamp() - state_change < interval '1 second')), ',') AS working`;

export interface DeadLinksOptions {
  /** who can be asked about a link, which must be the very server at its other end; undefined while nobody can */
  serverOf: (client: HaClient) => Endpoint | undefined;
  /** several servers stand behind an address */
  throughRoute: boolean;
  clock: Clock;
  log: HaLogger;
  /** connections of their own for the questions */
  lines: ProbeLines;
  timeoutMs: number;
}

interface Suspect {
  readonly server: Endpoint;
  readonly client: HaClient;
  readonly pid: number;
  readonly bytesRead: number;
  readonly silentMs: number;
}

/**
 * Finds links that died without a word (a NAT or a firewall forgot them, a cable was pulled for a while) although the server is
 * well: a statement on one would wait for an answer until its deadline, or for ever. That a link is silent proves nothing, the
 * statement may take its time. So the server is asked over another link what that session does: one that waits for a
 * statement, or is no more, has nothing to say on a link where one is in flight.
 *
 * Where nobody could reach the server for a while, what was sent may lie in the kernel, which sends it again after pauses that
 * double: it has done so by the time that the way has been open for as long as it was cut. Until then nothing is asked.
 * https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
 */
export class DeadLinks {
  readonly #options: DeadLinksOptions;
  /** those that were asked about in vain in this silence, and how long it must last before they are again, ms */
  readonly #again = new WeakMap<HaClient, { bytesRead: number; afterMs: number }>();
  /** when something that was to be sent still waited on this side: a server reads all of a statement before it works */
  readonly #unsentAt = new WeakMap<HaClient, Instant>();
  #suspects: Suspect[] = [];
  #asking = false;
  /** when nobody could be asked about it last */
  readonly #lostAt = new WeakMap<HaClient, Instant>();

  constructor(options: DeadLinksOptions) {
    this.#options = options;
  }

  /** No byte has come for so long, with work in flight. */
  heardNothing(client: HaClient, silentMs: number): void {
    const { bytesRead } = client;
    const { processID: pid, connection } = internals(client);
    const now = this.#options.clock.now();
    const server = this.#options.serverOf(client);
    if (!server) return void this.#lostAt.set(client, now);
    if (connection.stream.writableLength > 0) this.#unsentAt.set(client, now);
    if (now - (this.#unsentAt.get(client) ?? -Infinity) < LEAST_SILENCE_MS) return;
    const before = this.#again.get(client);
    const afterMs = before?.bytesRead === bytesRead ? before.afterMs : LEAST_SILENCE_MS;
    if (this.#asking || pid === null || silentMs < afterMs) return;
    if (2 * (now - (this.#lostAt.get(client) ?? -Infinity)) < silentMs) return;
    this.#again.set(client, { bytesRead, afterMs: 2 * silentMs });
    this.#suspects.push({ server, client, pid, bytesRead, silentMs });
  }

  /** All links have been looked at: asks about those that were silent, with one question to each server. */
  look(): void {
    if (this.#suspects.length === 0) return;
    const groups = Map.groupBy(this.#suspects, ({ server }) => endpointKey(server));
    this.#suspects = [];
    this.#asking = true;
    const asked = [...groups.values()].map((suspects) => this.#ask(suspects));
    void Promise.all(asked).finally(() => (this.#asking = false));
  }

  close(): void {
    this.#options.lines.close();
  }

  async #ask(suspects: readonly Suspect[]): Promise<void> {
    const [first] = suspects;
    if (!first) return;
    const { lines, timeoutMs, log, throughRoute } = this.#options;
    const pids = suspects.map(({ pid }) => pid);
    try {
      const bounds = { timeoutMs, patienceMs: timeoutMs };
      const question = (client: pg.ClientBase): ReturnType<typeof readWorking> =>
        readWorking(client, pids, throughRoute);
      const working = await lines.ask(first.server, bounds, question);
      for (const suspect of suspects) if (working && !working.has(suspect.pid)) cut(suspect);
    } catch (error) {
      for (const { client, bytesRead, silentMs } of suspects)
        this.#again.set(client, { bytesRead, afterMs: SOONER * silentMs });
      log.debug(
        { event: 'dead-links', error: describeError(asError(error)) },
        'silent links are not told apart',
      );
    }
  }
}

/** For a pool whose sessions on its servers are its own. */
export function askAboutDeadLinks(
  { ha, pool }: PoolSettings,
  { monitor, clock }: Pick<PoolCore, 'monitor' | 'clock'>,
  log: HaLogger,
  stream: pg.ClientConfig['stream'],
  serverOf: DeadLinksOptions['serverOf'] = (client) => followedServer(client, monitor),
): DeadLinks {
  const config = questionConfig(pool, stream);
  const lines = new ProbeLines({ clock, config, fresh: true, applicationName: 'steadfast-probe' });
  const throughRoute = monitor.topology.rule === 'route';
  return new DeadLinks({ serverOf, throughRoute, clock, log, lines, timeoutMs: ha.probeTimeoutMs });
}

/** The primary, where the link leads there. */
export function followedServer(
  { endpoint }: Pick<HaClient, 'endpoint'>,
  { topology }: Pick<Seat, 'topology'>,
): Endpoint | undefined {
  const primary = primaryOf(topology)?.endpoint;
  return primary && endpoint && endpointKey(primary) === endpointKey(endpoint) ? primary : undefined;
}

/**
 * Undefined where a pooler stands in between, which tells of other sessions than the servers know.
 * @throws where a route has led to a standby: it knows nothing of the primary's sessions
 */
async function readWorking(
  client: pg.ClientBase,
  pids: number[],
  throughRoute: boolean,
): Promise<Set<number> | undefined> {
  const { rows } = await client.query<SessionsRow>(SESSIONS_SQL, [pids]);
  const [row] = rows;
  if (!row || Number(row.self) !== internals(client).processID) return undefined;
  if (throughRoute && row.standby === 'true') throw new Error('the route leads to a standby');
  return new Set(row.working.split(',').map(Number));
}

function cut({ client, bytesRead }: Suspect): void {
  if (!client.busy || client.bytesRead !== bytesRead) return;
  const why = 'the link has died without a word: its server waits for a statement there, or has closed it';
  client.interrupt(new HaError('HA_CONNECTION_LOST', why, { outcome: 'unknown' }));
}
