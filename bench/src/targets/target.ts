import type { DeploymentId, Library, TargetResult } from '../result.ts';

/** A backend that is measured: everything that a client needs to find it is in `env`. */
export interface Target {
  readonly name: string;
  readonly library: Library;
  readonly strategy: string;
  readonly env: Readonly<Record<string, string>>;
  /** the same for stock clients, which follow no strategy; absent where one address does not lead to the primary */
  readonly stockEnv?: Readonly<Record<string, string>>;
  /** targets that lead to the same server name the same, and share the data that were made there */
  readonly server: string;
  readonly addedRoundTripMs?: number;
  readonly deployment?: DeploymentId;
  /** a shell command that makes it fail over, run only with --allow-failover */
  readonly failoverCommand?: string;
  /** what that command is like; unsaid, nobody knows what its outage stands for */
  readonly failoverIs?: FailoverNature;
}

export const FAILOVER_NATURES = ['crash', 'planned'] as const;
export type FailoverNature = (typeof FAILOVER_NATURES)[number];

const SSLMODE = /[?&]sslmode=([^&]+)/;
const HOSTS = /\/\/(?:[^/?#]*@)?([^/?#]*)/;

export function urlOf({ library, env }: Pick<Target, 'library' | 'env'>): string {
  return env[library === 'pg' ? 'DATABASE_URL' : 'REDIS_URL'] ?? '';
}

/** Variables that tell ours what a stock client would have to be told by the URL. */
const BESIDE_THE_URL: Readonly<Record<Library, RegExp>> = {
  pg: /^(?:PGUSER|PGPASSWORD|POSTGRES_USERNAME|POSTGRES_PASSWORD|PG_HA_(?:CA|DNS_SERVERS)|PGSSL(?:ROOTCERT|CERT|KEY))$/,
  redis: /^REDIS_(?:USERNAME|PASSWORD|HA_CA|HA_DNS_SERVERS)$/,
};

/** Whether a URL alone leads a stock client to the same primary, as the same user, and under TLS where ours would be. */
export function leadsStockClients(target: Pick<Target, 'library' | 'env' | 'strategy'>): boolean {
  const { library, strategy, env } = target;
  const url = urlOf(target);
  if (url === '' || Object.keys(env).some((name) => BESIDE_THE_URL[library].test(name))) return false;
  if (library === 'redis') return true;
  if (usesTls(target) && !SSLMODE.test(url)) return false;
  const hosts = HOSTS.exec(url)?.[1] ?? '';
  // Under haproxy they win over the URL.
  const given = env['PG_HA_HOSTS'];
  const same = !given || withPort(given) === withPort(hosts);
  return ['haproxy', 'managed', 'single'].includes(strategy) && !hosts.includes(',') && same;
}

function withPort(host: string): string {
  return /:\d+$/.test(host) ? host : `${host}:5432`;
}

export function usesTls(target: Pick<Target, 'library' | 'env' | 'strategy'>): boolean {
  const url = urlOf(target);
  if (target.library === 'redis') return /^(rediss|valkeys):/.test(url);
  const mode = SSLMODE.exec(url)?.[1] ?? target.env['PGSSLMODE'];
  return mode !== undefined
    ? mode !== 'disable'
    : target.strategy === 'managed' || target.env['PG_HA_CA'] !== undefined;
}

export function describeTarget(target: Target, where: string): Omit<TargetResult, 'connect'> {
  const { name, library, strategy, addedRoundTripMs, deployment, env } = target;
  const provider = env[library === 'pg' ? 'PG_HA_PROVIDER' : 'REDIS_HA_PROVIDER'];
  return {
    name,
    library,
    strategy,
    where,
    tls: usesTls(target),
    ...(addedRoundTripMs !== undefined && { addedRoundTripMs }),
    ...(deployment !== undefined && { deployment }),
    ...(provider !== undefined && { provider }),
  };
}
