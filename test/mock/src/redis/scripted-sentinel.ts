import { ScriptedServer, type Link } from '../scripted-server.ts';
import type { Reply } from './resp.ts';
import { RespSession, type RespRequest } from './resp-session.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a sentinel says, all of it to be changed while it runs. */
export interface SentinelSaying {
  master: Address;
  epoch: number;
  replicas: readonly Address[];
}

export const MASTER = 'mymaster';

/** A sentinel that says what it is told to. Rules match `connect`, or a command's words: `SENTINEL MASTER mymaster`. */
export class ScriptedSentinel extends ScriptedServer<RespRequest, SentinelSession> {
  readonly id: string;
  readonly says: SentinelSaying;

  private constructor(id: string, says: SentinelSaying) {
    super();
    this.id = id;
    this.says = says;
  }

  static start(id: string, says: SentinelSaying): Promise<ScriptedSentinel> {
    return new ScriptedSentinel(id, { ...says }).start();
  }

  /** connections that hear what it publishes */
  get subscribers(): number {
    return this.sessions.filter(({ subscribed }) => subscribed).length;
  }

  publish(channel: string, message: string): void {
    for (const session of this.sessions) if (session.subscribed) session.hear(channel, message);
  }

  /** the steps of a failover that it leads, up to the choice of a replica */
  announce(epoch: number, replica: Address): void {
    const { master } = this.says;
    this.publish('+new-epoch', String(epoch));
    this.publish('+vote-for-leader', `${this.id} ${epoch}`);
    this.publish('+elected-leader', aboutMaster(master));
    this.publish('+selected-slave', aboutReplica(replica, master));
    this.publish('+failover-state-send-slaveof-noone', aboutReplica(replica, master));
  }

  /** From now on it says that another server is the master, and tells so. */
  switchTo(to: Address, epoch: number, replicas: readonly Address[] = this.says.replicas): void {
    const { master } = this.says;
    Object.assign(this.says, { master: to, epoch, replicas });
    this.publish('+switch-master', `${MASTER} ${master.host} ${master.port} ${to.host} ${to.port}`);
  }

  protected session(link: Link): SentinelSession {
    return new SentinelSession(this, link);
  }
}

export class SentinelSession extends RespSession {
  subscribed = false;
  readonly #sentinel: ScriptedSentinel;
  readonly #link: Link;

  constructor(sentinel: ScriptedSentinel, link: Link) {
    super();
    this.#sentinel = sentinel;
    this.#link = link;
  }

  hear(channel: string, message: string): void {
    this.#link.send(this.encode({ push: ['pmessage', '*', channel, message] }));
  }

  protected answer(name: string, [first = '', master]: readonly string[]): Reply {
    if (name === 'AUTH') return { status: 'OK' };
    if (name === 'PING') return this.subscribed ? ['pong', ''] : { status: 'PONG' };
    if (name === 'PSUBSCRIBE') {
      this.subscribed = true;
      return { push: ['psubscribe', '*', 1] };
    }
    const sub = first.toUpperCase();
    if (sub === 'MYID') return this.#sentinel.id;
    if (master !== MASTER) return { error: 'ERR No such master with that name' };
    const { says } = this.#sentinel;
    if (sub === 'GET-MASTER-ADDR-BY-NAME') return [says.master.host, String(says.master.port)];
    if (sub === 'MASTER') return [...fields(says.master), 'config-epoch', String(says.epoch)];
    return sub === 'REPLICAS' ? says.replicas.map(fields) : [];
  }
}

export function aboutMaster({ host, port }: Address, name: string = MASTER): string {
  return `master ${name} ${host} ${port}`;
}

export function aboutReplica(replica: Address, master: Address, name: string = MASTER): string {
  const { host, port } = replica;
  return `slave ${host}:${port} ${host} ${port} @ ${name} ${master.host} ${master.port}`;
}

function fields({ host, port }: Address): string[] {
  return ['ip', host, 'port', String(port)];
}
