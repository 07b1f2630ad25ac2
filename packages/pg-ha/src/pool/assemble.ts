import type pg from 'pg';
import { DialPacer, RetryBudget, systemClock, systemRandom, type HaLogger } from '@steadfast/shared';
import type { DialContext } from '../dial/dial-context.ts';
import { HaClient } from '../dial/ha-client.ts';
import { PoolerClient } from '../dial/pooler-client.ts';
import { primaryTarget } from '../dial/primary-target.ts';
import type { HaPoolOptions, PoolSettings } from '../options/pool-options.ts';
import { Reads } from '../reader/reads.ts';
import type { PoolTelemetry } from '../telemetry/pool-telemetry.ts';
import { joinCluster, type ClusterShare } from './cluster.ts';
import { Verification } from './fitness.ts';
import { ProofTable } from '../transaction/proof-table.ts';
import { primaryServers } from './lease.ts';
import { fasterStatements } from './faster-statements.ts';
import type { PoolCore } from './pool-core.ts';
import { hasRoomForDial } from './pool-internals.ts';
import { Spare, spareFirst } from './spare.ts';

/** How pg-pool makes connections. */
type ClientClass = new (config?: pg.ClientConfig) => HaClient;

/** Right after a failover a load balancer may lead one dial in two to the server of before, where it hangs, ms. */
const ROUTE_HEDGE_MS = 25;

/** The parts of one pool, put together. */
export interface Parts {
  readonly core: PoolCore;
  /** for a pool that runs reads alone */
  readonly reads: Reads | undefined;
  /** makes connections that are outside of the pool */
  readonly Client: ClientClass;
  /** makes those of the pool */
  readonly PoolClient: ClientClass;
  /** makes sockets: the app's own wins over the strategy's, for work as for questions */
  readonly stream: pg.ClientConfig['stream'];
  /** the pool watches its cluster no more */
  readonly leave: () => Promise<void>;
}

/** What the parts may ask of the pool that they are of. */
export interface PoolAccess
  extends
    Pick<PoolCore, 'checkout' | 'mayDial' | 'isFull' | 'waiting' | 'dropStale'>,
    Pick<DialContext, 'gone'> {
  pool: () => pg.Pool;
}

/** @throws HaError HA_CONFIG where a setting that the strategy needs is missing */
export function assemble(
  settings: PoolSettings,
  options: HaPoolOptions,
  log: HaLogger,
  telemetry: () => PoolTelemetry,
  { gone, pool, ...access }: PoolAccess,
): Parts {
  const { clock = systemClock, random = systemRandom } = options;
  const { ha, connection } = settings;
  const who = {
    user: connection.user ?? 'the operating system’s',
    database: connection.database ?? connection.user ?? 'default',
    trust: connection.ssl.trust,
  };
  const faster = fasterStatements(settings, clock, pool); // may refuse, so before anything is joined
  const told = (open: boolean): void => telemetry().breakerChanged(open);
  const share = joinCluster(settings, who, { clock, random, log }, told);
  const { strategy, seat: monitor } = share;
  const hedge = strategy.rule === 'route' ? { firstHedgeMs: ROUTE_HEDGE_MS } : {};
  const pacer = new DialPacer(clock, random, { concurrency: ha.dialConcurrency, ...hedge });
  const budget = new RetryBudget(clock, { capacity: 1_000, perSecond: 100 });
  const { failoverWaitMs, keepConnectionOnSqlError, dialTimeoutMs } = ha;
  const parts = {
    monitor,
    clock,
    random,
    budget,
    failoverWaitMs,
    keepConnectionOnSqlError,
    rereadsPassword: typeof connection.password === 'function',
    pooler: settings.pooler,
    proofTable: new ProofTable(),
    ...faster,
    verification: new Verification(options.verify),
    ...access,
  };
  const target = primaryTarget(monitor, strategy.observe);
  const { stream } = strategy;
  const watchDial: DialContext['watchDial'] = (client, dial) => telemetry().dial(client, dial);
  const context = { monitor, target, pacer, clock, dialTimeoutMs, stream, gone, who, watchDial };
  const reads =
    settings.target &&
    new Reads({
      settings,
      strategy,
      core: parts,
      context,
      target: settings.target,
      pool,
      tell: (event, news) => telemetry().tell(event, news),
      client: boundClient,
    });
  return {
    core: { ...parts, servers: reads?.servers ?? primaryServers(parts) },
    reads,
    ...clientsOf(boundClient(settings, context), settings, share, parts, pool),
    stream: settings.pool.stream ?? stream,
  };
}

/** In a search the pool's own clients ask, and what they find is its calls'. */
function clientsOf(
  Client: ClientClass,
  settings: PoolSettings,
  { seat: monitor, scouts, leave }: ClusterShare,
  { clock }: Pick<PoolCore, 'clock'>,
  pool: () => pg.Pool,
): Pick<Parts, 'Client' | 'PoolClient' | 'leave'> {
  if (settings.target) return { Client, PoolClient: Client, leave };
  const mustDial = (): boolean => hasRoomForDial(pool());
  const spare = new Spare({ monitor, clock, mustDial, newClient: () => new Client(pool().options) });
  scouts.add(spare);
  const leaveAll = (): Promise<void> => {
    scouts.delete(spare);
    spare.close();
    return leave();
  };
  return { Client, PoolClient: spareFirst(Client, spare), leave: leaveAll };
}

/** pg-pool makes clients by `new Client(config)`; ours need to know which pool they are of. */
export function boundClient({ pooler }: PoolSettings, context: DialContext): ClientClass {
  const Base = pooler ? PoolerClient : HaClient;
  return class BoundHaClient extends Base {
    constructor(config?: pg.ClientConfig) {
      super(config, context);
    }
  };
}
