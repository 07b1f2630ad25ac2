import type { LabDescription, ObserverEvent, PostgresDescription, RedisDescription } from '../types.ts';
import { DnsWatcher } from './dns-watcher.ts';
import { HaproxyWatcher } from './haproxy-watcher.ts';
import { PgWatcher } from './pg-watcher.ts';
import { RedisWatcher } from './redis-watcher.ts';
import type { RespLogin } from './resp-connection.ts';
import { SentinelWatcher } from './sentinel-watcher.ts';
import type { Report, Watcher } from './watch.ts';

/** Everything there is to watch in a lab. `id` tells this observer's row, key and sessions from another's. */
export function watchersOf(description: LabDescription, id: string, report: Report): Watcher[] {
  return [
    ...(description.postgres ? postgresWatchers(description.postgres, id, report) : []),
    ...(description.redis ? redisWatchers(description.redis, id, report) : []),
  ];
}

function postgresWatchers(postgres: PostgresDescription, id: string, report: Report): Watcher[] {
  const { members, haproxy, managed } = postgres;
  const login = {
    database: postgres.database,
    user: postgres.superuser,
    password: postgres.superuserPassword,
    application: `lab-observer-${id}`,
  };
  const watchers: Watcher[] = [];
  let memberReport = report;
  if (haproxy) {
    const endpoint = { host: haproxy.host, port: haproxy.primaryPort };
    const route = new HaproxyWatcher(
      endpoint,
      members,
      { ...login, application: `${login.application}-route` },
      report,
    );
    watchers.push(route);
    memberReport = { ...report, event: (event) => (report.event(event), tellRoute(route, event)) };
  }
  watchers.push(...members.map((member) => new PgWatcher(member, login, memberReport)));
  if (managed) watchers.push(new DnsWatcher({ ...managed, which: 'postgres', members }, report));
  return watchers;
}

function tellRoute(route: HaproxyWatcher, event: ObserverEvent): void {
  if (event.kind === 'pg-writable') route.writableIs(event.member);
  else if (event.kind === 'pg-not-writable') route.writableIs(undefined);
}

function redisWatchers(redis: RedisDescription, id: string, report: Report): Watcher[] {
  const { members, sentinels, masterName, managed } = redis;
  const login: RespLogin = { username: redis.username, password: redis.password };
  const sentinelLogin: RespLogin = { password: redis.sentinelPassword };
  if (redis.sentinelUsername !== undefined) sentinelLogin.username = redis.sentinelUsername;
  const watchers: Watcher[] = members.map(
    (member) => new RedisWatcher(member, login, `lab:observer:${id}`, report),
  );
  if (sentinels.length > 0) {
    watchers.push(new SentinelWatcher({ sentinels, members, masterName, login: sentinelLogin }, report));
  }
  if (managed) watchers.push(new DnsWatcher({ ...managed, which: 'redis', members }, report));
  return watchers;
}
