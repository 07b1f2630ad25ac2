import { Poller, type Session } from './poller.ts';
import { RespError, type RespValue } from './resp.ts';
import { RespConnection, type RespLogin } from './resp-connection.ts';
import type { NamedEndpoint, Report, Watcher } from './watch.ts';
import { Writability } from './writability.ts';

const EVERY_MS = 10;
/** Keys of observers that are gone expire by themselves. */
const KEY_TTL_MS = 60_000;

type RedisAnswer =
  { role: 'replica' } | { role: 'master'; wrote: true } | { role: 'master'; wrote: false; reason: string };

/** Asks one member its ROLE and, when it says master, makes it prove so by a SET. */
class RedisMemberSession implements Session<RedisAnswer> {
  readonly #connection: RespConnection;
  readonly #write: readonly string[];
  #isMaster = false;

  constructor(member: NamedEndpoint, login: RespLogin, key: string) {
    this.#connection = new RespConnection(member.host, member.port, login);
    this.#write = ['SET', key, member.name, 'PX', String(KEY_TTL_MS)];
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  open(): Promise<void> {
    return this.#connection.open();
  }

  async ask(): Promise<RedisAnswer> {
    // A master's ROLE and SET travel together; a replica is only asked, its SET would be refused.
    const [role, written] = await this.#connection.send(
      this.#isMaster ? [['ROLE'], this.#write] : [['ROLE']],
    );
    this.#isMaster = isMasterRole(role);
    if (!this.#isMaster) return { role: 'replica' };
    const answer = written ?? (await this.#connection.send([this.#write]))[0];
    if (answer === 'OK') return { role: 'master', wrote: true };
    return {
      role: 'master',
      wrote: false,
      reason: answer instanceof RespError ? answer.message : String(answer),
    };
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

function isMasterRole(role: RespValue | undefined): boolean {
  if (role instanceof RespError && role.prefix !== 'LOADING') throw role;
  return Array.isArray(role) && role[0] === 'master';
}

/** Watches one Redis member: does a SET on it succeed while it calls itself master? */
export class RedisWatcher implements Watcher {
  started = false;
  readonly #poller: Poller<RedisAnswer>;

  constructor(member: NamedEndpoint, login: RespLogin, key: string, report: Report) {
    const { name } = member;
    const writability = new Writability({
      onWritable: (at) => report.event({ kind: 'redis-writable', at, member: name }),
      onNotWritable: (at, lastWriteAt) =>
        report.event({ kind: 'redis-not-writable', at, member: name, lastWriteAt }),
    });
    const cannotWrite = (at: number, problem?: unknown): void => {
      this.started = true;
      if (problem !== undefined) report.problem(`redis ${name}`, problem);
      writability.didNotWrite(at);
    };
    this.#poller = new Poller(
      () => new RedisMemberSession(member, login, key),
      { everyMs: EVERY_MS },
      {
        onAnswer: (answer, at) => {
          this.started = true;
          if (answer.role === 'master' && answer.wrote) writability.wrote(at);
          else cannotWrite(at, answer.role === 'master' ? answer.reason : undefined);
        },
        onFailure: (error, at) => cannotWrite(at, error),
        onSilence: (at) => cannotWrite(at),
      },
    );
  }

  tick(now: number): void {
    this.#poller.tick(now);
  }

  stop(): void {
    this.#poller.stop();
  }
}
