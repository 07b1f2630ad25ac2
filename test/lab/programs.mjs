/**
 * The programs a lab runs, and the Debian 12 packages they come from. Data only: the bootstrap reads this
 * file on Node.js 20, before anything is installed. Names without a slash are searched on the PATH.
 */
export const programs = [
  { program: '/usr/lib/postgresql/15/bin/postgres', package: 'postgresql-15' },
  { program: '/usr/lib/postgresql/15/bin/psql', package: 'postgresql-client-15' },
  { program: 'patroni', package: 'patroni' },
  { program: 'etcd', package: 'etcd-server' },
  { program: 'haproxy', package: 'haproxy' },
  { program: 'pgbouncer', package: 'pgbouncer' },
  { program: 'redis-server', package: 'redis-server' },
  { program: 'redis-sentinel', package: 'redis-sentinel' },
  { program: 'ip', package: 'iproute2' },
  { program: 'nsenter', package: 'util-linux' },
  { program: 'setpriv', package: 'util-linux' },
  { program: 'prlimit', package: 'util-linux' },
  { program: 'openssl', package: 'openssl' },
];
