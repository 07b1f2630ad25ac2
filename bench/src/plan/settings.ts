import { type DeploymentId } from '../result.ts';
import { type Answers } from './answers.ts';
import { type Candidate } from './candidates.ts';
import { ASYNC_LOSS_MS } from './judge.ts';

/** How to set up what was chosen. Names of hosts and secrets are to be replaced. */
export interface Setup {
  /** of the app that uses our clients */
  readonly environment: Readonly<Record<string, string>>;
  /** of the servers */
  readonly servers: readonly string[];
  /** in the app itself */
  readonly app: readonly string[];
  /** what shows it at work on this machine */
  readonly tryIt?: string;
}

const PATRONI_URLS = 'http://db1:8008,http://db2:8008,http://db3:8008';
/** What the clients wait by default, and how much longer than the failover they should. */
const DEFAULT_WAIT_MS = 30_000;
const WAIT_FACTOR = 1.5;
/** For providers that do not say how long theirs lasts. */
const UNKNOWN_FAILOVER_S = 180;

type Setting = (candidate: Candidate, answers: Answers) => Setup;

const SETUPS: Readonly<Record<DeploymentId, Setting>> = {
  'postgres-self-managed': (candidate, answers) => ({
    environment: {
      PG_HA_STRATEGY: 'haproxy',
      PG_HA_HOSTS: 'haproxy1:5000,haproxy2:5000',
      PG_HA_PATRONI_URLS: PATRONI_URLS,
      ...wait('PG_HA', candidate),
    },
    servers: [
      ...patroni(answers),
      'HAProxy: option httpchk OPTIONS /primary, inter 1s fastinter 500ms downinter 500ms fall 2 rise 1, on-marked-down shutdown-sessions',
      'Docker Swarm: endpoint_mode dnsrr for the databases, one service for each member, no VIP in front of them',
    ],
    app: postgresApp(answers),
    tryIt: 'npm run demo -- --strategy haproxy',
  }),
  'postgres-hybrid': (candidate, answers) => ({
    environment: { PG_HA_STRATEGY: 'patroni', PG_HA_PATRONI_URLS: PATRONI_URLS, ...wait('PG_HA', candidate) },
    servers: patroni(answers),
    app: postgresApp(answers),
    tryIt: 'npm run demo -- --strategy patroni',
  }),
  'postgres-managed': (candidate, answers) => ({
    environment: {
      PG_HA_STRATEGY: 'managed',
      ...(candidate.offer ? { PG_HA_PROVIDER: candidate.offer.provider } : {}),
      DATABASE_URL: `postgres://user:password@endpoint.example.com:${candidate.offer?.provider === 'digitalocean' ? 25_060 : 5_432}/app?sslmode=verify-full`,
      PG_HA_CA: './provider-ca.pem',
      ...wait('PG_HA', candidate),
    },
    servers: ['A plan with a standby: without one a failover is a restore'],
    app: postgresApp(answers),
  }),
  'redis-sentinel': (candidate, answers) => ({
    environment: {
      REDIS_HA_STRATEGY: 'sentinel',
      REDIS_SENTINELS: 'sentinel1:26379,sentinel2:26379,sentinel3:26379',
      REDIS_SENTINEL_MASTER_NAME: 'mymaster',
      REDIS_PASSWORD: 'password',
      ...wait('REDIS_HA', candidate),
    },
    servers: [
      'Three sentinels on three hosts, quorum 2, down-after-milliseconds 5000 (1000 fails over some 4 s sooner, and after a pause of one second too), sentinel.conf on a volume',
      'min-replicas-to-write 1 and min-replicas-max-lag 10 on every server; persistence on',
      'resolve-hostnames yes and announce-hostnames yes, names everywhere or nowhere',
    ],
    app: redisApp(answers),
    tryIt: 'npm run demo',
  }),
  'redis-managed': (candidate, answers) => ({
    environment: {
      REDIS_HA_STRATEGY: 'managed',
      ...(candidate.offer ? { REDIS_HA_PROVIDER: candidate.offer.provider } : {}),
      REDIS_URL: `${candidate.offer?.provider === 'aiven' ? 'valkeys' : 'rediss'}://default:password@endpoint.example.com:6379`,
      ...wait('REDIS_HA', candidate),
    },
    servers: ['A plan with a replica; eviction off (maxmemory-policy noeviction) where there are job queues'],
    app: redisApp(answers),
  }),
};

export function setupFor(candidate: Candidate, answers: Answers): Setup {
  return SETUPS[candidate.deployment.id](candidate, answers);
}

/** Calls must be allowed to wait longer than a failover takes. */
function wait(prefix: string, { deployment, offer }: Candidate): Record<string, string> {
  const seconds = (offer?.failoverSeconds ?? deployment.failoverSeconds)?.high ?? UNKNOWN_FAILOVER_S;
  const ms = Math.ceil(seconds * WAIT_FACTOR) * 1_000;
  return ms > DEFAULT_WAIT_MS ? { [`${prefix}_FAILOVER_WAIT_MS`]: String(ms) } : {};
}

function patroni({ rpoMs }: Answers): string[] {
  return [
    'Three etcd members on three hosts, and Patroni 3.0.3 or newer: ttl 20, loop_wait 5, retry_timeout 5',
    rpoMs < ASYNC_LOSS_MS
      ? 'Patroni: synchronous_mode on (and synchronous_mode_strict, where no write may be acknowledged by one server alone), two standbys'
      : 'Patroni: maximum_lag_on_failover as small as your writes allow; what is lost is that and the last 20 s at most',
  ];
}

function postgresApp({ rpoMs }: Answers): string[] {
  return rpoMs === 0
    ? ['pool.transaction(…, { commitProof: true }) for work that must be applied exactly once']
    : [];
}

function redisApp({ rpoMs }: Answers): string[] {
  return rpoMs < 10_000
    ? [
        'redis.durable(…) with as many replicas as there are for writes that must not be lost, redis.once(…) for those that must not be doubled',
      ]
    : [];
}
