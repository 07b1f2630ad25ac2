import { ScriptedServer, type Link } from '../scripted-server.ts';
import { RedisSession, type RedisHost, type RedisSaying } from './redis-session.ts';
import type { RespRequest } from './resp-session.ts';

/** A Redis server whose role, answers and silences are a test's to choose. Rules match `connect`, or a command's words. */
export class ScriptedRedis extends ScriptedServer<RespRequest, RedisSession> implements RedisHost {
  readonly says: RedisSaying;
  readonly data: Map<string, string>;

  private constructor(says: RedisSaying, data: Map<string, string>) {
    super();
    this.says = says;
    this.data = data;
  }

  /** @param data that of a group, which its members share */
  static start(
    says: Partial<RedisSaying> = {},
    data: Map<string, string> = new Map(),
  ): Promise<ScriptedRedis> {
    return new ScriptedRedis({ role: 'master', ...says }, data).start();
  }

  /** what its clients are subscribed to, in order: `subscribe a` */
  get subscriptions(): readonly string[] {
    return this.sessions.flatMap(({ subscriptions }) => subscriptions.all).sort();
  }

  protected session(link: Link): RedisSession {
    return new RedisSession(this, this.taken, link);
  }
}
