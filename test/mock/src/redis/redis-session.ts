import type { Link } from '../scripted-server.ts';
import type { Reply } from './resp.ts';
import { RespSession, type RespRequest } from './resp-session.ts';
import { Subscriptions } from './subscriptions.ts';

/** What a server says of itself, all of it to be changed while it runs. */
export interface RedisSaying {
  role: 'master' | 'slave';
  /** any answer to ROLE; default: as its role is */
  roleReply?: Reply;
}

export interface RedisHost {
  readonly says: RedisSaying;
  readonly data: Map<string, string>;
}

const OK: Reply = { status: 'OK' };
const READONLY: Reply = { error: "READONLY You can't write against a read only replica." };

type Command = (data: Map<string, string>, args: readonly string[]) => Reply;

const READS: Readonly<Record<string, Command>> = {
  GET: (data, [key = '']) => data.get(key) ?? null,
  MGET: (data, keys) => keys.map((key) => data.get(key) ?? null),
};

const WRITES: Readonly<Record<string, Command>> = {
  SET(data, [key = '', value = '']) {
    data.set(key, value);
    return OK;
  },
  INCR(data, [key = '']) {
    const value = Number(data.get(key) ?? 0) + 1;
    data.set(key, String(value));
    return value;
  },
  APPEND(data, [key = '', more = '']) {
    const value = (data.get(key) ?? '') + more;
    data.set(key, value);
    return value.length;
  },
  DEL: (data, keys) => keys.filter((key) => data.delete(key)).length,
  WAIT: () => 1,
};

/** What concerns the connection, or the server as a whole. */
type Matter = (session: RedisSession, host: RedisHost, args: readonly string[]) => Reply;
const MATTERS: Readonly<Record<string, Matter>> = {
  PING: ({ protocol, subscriptions }) =>
    protocol === 2 && subscriptions.all.length > 0 ? ['pong', ''] : { status: 'PONG' },
  ECHO: (_session, _host, [word = '']) => word,
  AUTH: () => OK,
  SELECT: () => OK,
  READONLY: () => OK,
  QUIT(session) {
    session.end();
    return OK;
  },
  HELLO(session, { says }, [protocol]) {
    if (protocol === '3') session.protocol = 3;
    return {
      pairs: [
        ['server', 'redis'],
        ['version', '7.2.4'],
        ['proto', session.protocol],
        ['role', says.role],
      ],
    };
  },
  CLIENT: (session, _host, [sub]) => (sub?.toUpperCase() === 'ID' ? session.id : OK),
  INFO: (_session, { says }) => `# Replication\r\nrole:${says.role}\r\nloading:0\r\n`,
  ROLE(_session, { says }) {
    if (says.roleReply !== undefined) return says.roleReply;
    return says.role === 'master' ? ['master', 0, []] : ['slave', '127.0.0.1', 1, 'connected', 0];
  },
};

/** It knows as many commands as the suites send. */
export class RedisSession extends RespSession {
  readonly id: number;
  readonly subscriptions: Subscriptions = new Subscriptions();
  readonly #host: RedisHost;
  readonly #link: Link;
  /** commands of an open transaction */
  #queued: (readonly [string, readonly string[]])[] | undefined;

  constructor(host: RedisHost, id: number, link: Link) {
    super();
    this.#host = host;
    this.id = id;
    this.#link = link;
  }

  end(): void {
    this.#link.end();
  }

  override carryOut(request: RespRequest): Buffer {
    const [name = '', ...args] = request.words;
    const replies = this.subscriptions.answer(name, args);
    return replies ? Buffer.concat(replies.map((one) => this.encode(one))) : super.carryOut(request);
  }

  protected answer(name: string, args: readonly string[]): Reply {
    if (name === 'MULTI') {
      this.#queued = [];
      return OK;
    }
    if (name === 'EXEC' || name === 'DISCARD') {
      const queued = this.#queued ?? [];
      this.#queued = undefined;
      return name === 'EXEC' ? queued.map(([one, its]) => this.#run(one, its)) : OK;
    }
    if (!this.#queued) return this.#run(name, args);
    this.#queued.push([name, args]);
    return { status: 'QUEUED' };
  }

  #run(name: string, args: readonly string[]): Reply {
    const { says, data } = this.#host;
    const matter = MATTERS[name];
    if (matter) return matter(this, this.#host, args);
    const read = READS[name];
    if (read) return read(data, args);
    const write = WRITES[name];
    if (!write) return { error: `ERR unknown command '${name}'` };
    return says.role === 'master' ? write(data, args) : READONLY;
  }
}
