import { monotonicMs } from '../monotonic.ts';
import { pgConnection, type PgConnection, type PgLogin } from './pg-connection.ts';
import type { NamedEndpoint, Report, Watcher } from './watch.ts';

/** While something is going on: a fresh connection so often. */
const ALERT_EVERY_MS = 20;
/** While nothing is: a login costs both sides several ms of CPU, and the held session tells of changes at once. */
const QUIET_EVERY_MS = 500;
/** How long after the last sign of a change we stay alert, unless the route has settled before. */
const ALERT_MS = 15_000;
/** So many fresh connections in a row must lead to the writable member before the route counts as settled. */
const SETTLED_ANSWERS = 2;
/** A dial may hang on a frozen backend: after this another one is started beside it. */
const OVERTAKE_MS = 50;
/** As many as hang before the first of them is abandoned: the newest must always be a fresh one. */
const MAX_DIALS = 10;
const SILENCE_MS = 300;
const ABANDON_MS = 500;

type Route = { to: 'unknown' } | { to: 'down' } | { to: 'member'; name: string };

interface Dial extends PgConnection {
  since: number;
}

/**
 * Watches HAProxy's primary port: which member answers on a fresh connection? It also holds one connection open:
 * when HAProxy shuts that down, or the watchers of the members see a change, it looks closely.
 */
export class HaproxyWatcher implements Watcher {
  readonly #endpoint: { host: string; port: number };
  readonly #members: readonly NamedEndpoint[];
  readonly #login: PgLogin;
  readonly #report: Report;
  readonly #dials = new Set<Dial>();
  #route: Route = { to: 'unknown' };
  #held: PgConnection | undefined;
  #writable: string | undefined;
  #settled = 0;
  #alertUntil = 0;
  #dialAt = 0;
  #stopped = false;

  constructor(
    endpoint: { host: string; port: number },
    members: readonly NamedEndpoint[],
    login: PgLogin,
    report: Report,
  ) {
    this.#endpoint = endpoint;
    this.#members = members;
    this.#login = login;
    this.#report = report;
  }

  get started(): boolean {
    return this.#route.to !== 'unknown';
  }

  /** The watchers of the members say which one accepts writes now, if any. */
  writableIs(member: string | undefined): void {
    this.#writable = member;
    this.#alert();
  }

  tick(now: number): void {
    for (const dial of this.#dials) {
      if (now - dial.since >= SILENCE_MS) this.#sayDown(now);
      if (now - dial.since >= ABANDON_MS) this.#dropDial(dial);
    }
    const newest = [...this.#dials].at(-1);
    const free = !newest || (this.#dials.size < MAX_DIALS && now - newest.since >= OVERTAKE_MS);
    if (free && now >= this.#dialAt) void this.#dial(now);
  }

  stop(): void {
    this.#stopped = true;
    for (const dial of this.#dials) this.#dropDial(dial);
    this.#held?.socket.destroy();
  }

  async #dial(now: number): Promise<void> {
    const alert = now < this.#alertUntil && this.#settled < SETTLED_ANSWERS;
    this.#dialAt = now + (alert ? ALERT_EVERY_MS : QUIET_EVERY_MS);
    const dial: Dial = { ...pgConnection(this.#endpoint.host, this.#endpoint.port, this.#login), since: now };
    this.#dials.add(dial);
    try {
      await dial.client.connect();
      const { rows } = await dial.client.query<{ host: string; port: number }>(
        'SELECT host(inet_server_addr()) AS host, inet_server_port() AS port',
      );
      if (!this.#dials.delete(dial)) return;
      // The others may hang on a backend that HAProxy has left meanwhile: they say nothing about now.
      for (const other of this.#dials) this.#dropDial(other);
      const { host, port } = rows[0] ?? { host: '', port: 0 };
      this.#answered(host, port, dial);
    } catch (error) {
      if (!this.#dials.has(dial)) return;
      this.#dropDial(dial);
      this.#report.problem('haproxy', error);
      this.#sayDown(monotonicMs());
      // Nobody answers: keep looking closely until somebody does.
      this.#dialAt = Math.min(this.#dialAt, monotonicMs() + ALERT_EVERY_MS);
    }
  }

  #answered(host: string, port: number, connection: PgConnection): void {
    const member = this.#members.find((each) => each.host === host && each.port === port);
    const name = member?.name ?? `${host}:${port}`;
    this.#settled = name === this.#writable ? this.#settled + 1 : 0;
    const isNews = this.#route.to !== 'member' || this.#route.name !== name;
    if (isNews) {
      this.#route = { to: 'member', name };
      this.#report.event({ kind: 'haproxy-routes', at: monotonicMs(), member: name });
    }
    if (isNews || !this.#held) this.#hold(connection);
    else void connection.client.end().catch(() => undefined);
  }

  #hold(connection: PgConnection): void {
    this.#held?.socket.destroy();
    this.#held = connection;
    connection.socket.once('close', () => {
      if (this.#held !== connection) return;
      this.#held = undefined;
      this.#alert();
    });
  }

  #alert(): void {
    const now = monotonicMs();
    this.#settled = 0;
    this.#alertUntil = now + ALERT_MS;
    this.#dialAt = Math.min(this.#dialAt, now);
  }

  #sayDown(at: number): void {
    this.#settled = 0;
    if (this.#route.to === 'down' || this.#stopped) return;
    this.#route = { to: 'down' };
    this.#report.event({ kind: 'haproxy-down', at });
  }

  #dropDial(dial: Dial): void {
    this.#dials.delete(dial);
    dial.socket.destroy();
  }
}
