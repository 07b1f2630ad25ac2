import { sqlState, type PgLogin } from './pg-connection.ts';
import { PgMemberSession, type PgAnswer } from './pg-member-session.ts';
import { Poller, type PollerListener } from './poller.ts';
import type { NamedEndpoint, Report, Watcher } from './watch.ts';
import { Writability } from './writability.ts';

const EVERY_MS = 10;
/** A server that answers 'starting up' forks a process for every dial: it gets a little more time. */
const REDIAL_ANSWERED_MS = 25;
const REDIAL_MS = 10;
/** Longer than for others: a write that waits for a standby may still succeed. */
const REPLACE_MS = 2_000;

/** Watches one PostgreSQL member: does a real write on it succeed? */
export class PgWatcher implements Watcher {
  started = false;
  readonly #poller: Poller<PgAnswer>;

  constructor(member: NamedEndpoint, login: PgLogin, report: Report) {
    const writability = new Writability({
      onWritable: (at, timeline) => report.event({ kind: 'pg-writable', at, member: member.name, timeline }),
      onNotWritable: (at, lastWriteAt) =>
        report.event({ kind: 'pg-not-writable', at, member: member.name, lastWriteAt }),
    });
    const source = `pg ${member.name}`;
    const listener: PollerListener<PgAnswer> = {
      onAnswer: (answer, at) => {
        this.started = true;
        if (answer.role === 'primary' && answer.wrote) return writability.wrote(at, answer.timeline);
        if (answer.role === 'primary') report.problem(source, answer.reason);
        writability.didNotWrite(at);
      },
      onFailure: (error, at) => {
        this.started = true;
        report.problem(source, error);
        writability.didNotWrite(at);
      },
      onSilence: (at) => {
        this.started = true;
        writability.didNotWrite(at);
      },
    };
    this.#poller = new Poller(
      () => new PgMemberSession(member.host, member.port, login),
      {
        everyMs: EVERY_MS,
        replaceMs: REPLACE_MS,
        redialMs: (error) => (sqlState(error) === undefined ? REDIAL_MS : REDIAL_ANSWERED_MS),
      },
      listener,
    );
  }

  tick(now: number): void {
    this.#poller.tick(now);
  }

  stop(): void {
    this.#poller.stop();
  }
}
