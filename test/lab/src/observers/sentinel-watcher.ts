import { Poller, type Session } from './poller.ts';
import { RespConnection, type RespLogin } from './resp-connection.ts';
import { RespError } from './resp.ts';
import { majorityView, type SentinelVote } from './sentinel-majority.ts';
import type { NamedEndpoint, Report, Watcher } from './watch.ts';

const EVERY_MS = 20;

class SentinelSession implements Session<SentinelVote> {
  readonly #connection: RespConnection;
  readonly #masterName: string;

  constructor(sentinel: NamedEndpoint, login: RespLogin, masterName: string) {
    this.#connection = new RespConnection(sentinel.host, sentinel.port, login);
    this.#masterName = masterName;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  open(): Promise<void> {
    return this.#connection.open();
  }

  async ask(): Promise<SentinelVote> {
    const [reply] = await this.#connection.send([['SENTINEL', 'MASTER', this.#masterName]]);
    if (reply instanceof RespError) throw reply;
    if (!Array.isArray(reply)) throw new Error(`SENTINEL MASTER answered ${JSON.stringify(reply)}`);
    const field = (name: string): string => String(reply[reply.indexOf(name) + 1]);
    return { host: field('ip'), port: Number(field('port')), configEpoch: Number(field('config-epoch')) };
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

export interface SentinelWatcherOptions {
  sentinels: readonly NamedEndpoint[];
  members: readonly NamedEndpoint[];
  masterName: string;
  login: RespLogin;
}

/** Watches all sentinels: whom does a majority of them name? */
export class SentinelWatcher implements Watcher {
  readonly #pollers: Poller<SentinelVote>[];
  readonly #votes: (SentinelVote | undefined)[];
  readonly #seen: boolean[];
  readonly #members: readonly NamedEndpoint[];
  readonly #report: Report;
  #named = '';

  constructor(options: SentinelWatcherOptions, report: Report) {
    const { sentinels, masterName, login } = options;
    this.#members = options.members;
    this.#report = report;
    this.#votes = sentinels.map(() => undefined);
    this.#seen = sentinels.map(() => false);
    this.#pollers = sentinels.map((sentinel, index) => {
      const session = (): SentinelSession => new SentinelSession(sentinel, login, masterName);
      return new Poller<SentinelVote>(
        session,
        { everyMs: EVERY_MS },
        {
          onAnswer: (vote, at) => this.#vote(index, vote, at),
          onFailure: (error, at) => {
            report.problem(`sentinel ${sentinel.name}`, error);
            this.#vote(index, undefined, at);
          },
          onSilence: (at) => this.#vote(index, undefined, at),
        },
      );
    });
  }

  get started(): boolean {
    return this.#seen.every(Boolean);
  }

  tick(now: number): void {
    for (const poller of this.#pollers) poller.tick(now);
  }

  stop(): void {
    for (const poller of this.#pollers) poller.stop();
  }

  #vote(index: number, vote: SentinelVote | undefined, at: number): void {
    this.#seen[index] = true;
    this.#votes[index] = vote;
    const view = majorityView(this.#votes);
    if (!view) return;
    const { host, port, votes, configEpoch } = view;
    const address = `${host}:${port}`;
    const named = `${address} ${configEpoch}`;
    if (named === this.#named) return;
    this.#named = named;
    const member = this.#members.find((each) => each.host === host && each.port === port)?.name ?? address;
    this.#report.event({ kind: 'sentinel-names', at, member, votes, configEpoch });
  }
}
