import { HaRedis } from '@steadfast/redis-ha';
import { withLab } from '../support/with-lab.ts';
import { withBullMq } from './bullmq.ts';
import { withFastifyRateLimit } from './fastify-rate-limit.ts';
import { REDIS_TAIL } from './library.ts';
import { withRateLimiter } from './rate-limiter.ts';
import { withRedisSessions } from './redis-sessions.ts';
import { withSocketIo } from './socket-io.ts';
import { prepare, throughFailovers, type FailoverRow } from './through-failovers.ts';

const held = withLab({ postgres: false, haproxy: false, pgbouncer: false, managed: false });
const redis = (): HaRedis => new HaRedis({ env: held.lab.env({ redis: 'sentinel' }) });

const libraries = [withBullMq, withRateLimiter, withSocketIo, withRedisSessions, withFastifyRateLimit];

const named: FailoverRow['over'] = (observers, { target }, since) =>
  observers.waitFor({ kind: 'sentinel-names', since, notMember: target }, 30_000);

throughFailovers(
  held,
  libraries.map((library) => prepare(library, redis)),
  [
    // A planned one fails nothing; but where a server is held up just then, what was in flight at the announcement may be
    // answered too late, and is unknown.
    { fault: 'sentinel-failover', mayFail: REDIS_TAIL, over: named },
    { fault: 'redis-crash', target: 'master', mayFail: 10, over: named },
  ],
);
