import { Redis } from 'ioredis';
import pg from 'pg';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';

/** Where a server is and who may log in. */
export interface Access {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** of PostgreSQL */
  readonly database: string;
}

/** A client that is connected, and the one operation that is measured. */
export interface Opened {
  readonly run: () => Promise<unknown>;
  readonly close: () => Promise<unknown>;
}

/** One client to be measured, ours or another; `open` rejects where it is not installed or cannot connect. */
export interface Peer {
  readonly name: string;
  readonly ours: boolean;
  readonly open: (access: Access) => Promise<Opened>;
}

/** So many connections has each client that has several. */
const CONNECTIONS = 10;
const TEXT = 'SELECT $1::int';
const opened = (run: Opened['run'], close: Opened['close']): Opened => ({ run, close });

/** Packages that need not be there, and whose types are of no concern here. */
type Loose = Record<string, (...args: unknown[]) => unknown>;
type Loadable = Record<string, unknown>;
const load = (name: string): Promise<Loadable> => import(name) as Promise<Loadable>;
const make = (module: Loadable, name: string, ...args: unknown[]): Loose =>
  new (module[name] as new (...given: unknown[]) => Loose)(...args);

function pool(name: string, ours: boolean, create: (config: pg.PoolConfig) => pg.Pool): Peer {
  const open = async (access: Access): Promise<Opened> => {
    const made = create({ ...access, max: CONNECTIONS });
    await made.query(TEXT, [1]);
    return opened(
      () => made.query(TEXT, [1]),
      () => made.end(),
    );
  };
  return { name, ours, open };
}

/** The same statement on ten connections. */
export const POSTGRES_PEERS: readonly Peer[] = [
  pool('pg-ha', true, (config) => new HaPool({ ...config, env: {} })),
  pool(
    'pg-ha, pipelineDepth 16, prepare auto',
    true,
    (config) => new HaPool({ ...config, pipelineDepth: 16, prepare: 'auto', env: {} }),
  ),
  pool('pg.Pool', false, (config) => new pg.Pool(config)),
  {
    name: 'postgres.js',
    ours: false,
    async open({ user: username, ...access }) {
      const { default: postgres } = (await load('postgres')) as { default: (options: object) => unknown };
      const sql = postgres({ ...access, username, max: CONNECTIONS }) as {
        (parts: TemplateStringsArray, ...values: unknown[]): Promise<unknown>;
        end(): Promise<unknown>;
      };
      await sql`SELECT ${1}::int`;
      return opened(
        () => sql`SELECT ${1}::int`,
        () => sql.end(),
      );
    },
  },
  {
    name: 'AWS Advanced Node.js Wrapper, no plugins',
    ours: false,
    async open(access) {
      const [wrapper, common] = [
        await load('aws-advanced-nodejs-wrapper/pg'),
        await load('aws-advanced-nodejs-wrapper'),
      ];
      const config = make(common, 'AwsPoolConfig', { maxConnections: CONNECTIONS });
      const made = make(wrapper, 'AwsPgPoolClient', { ...access, plugins: '' }, config);
      const run = (): Promise<unknown> => made['query']?.({ text: TEXT, values: [1] }) as Promise<unknown>;
      await run();
      return opened(run, () => made['end']?.() as Promise<unknown>);
    },
  },
];

function redis(name: string, ours: boolean, create: (access: Access) => Redis): Peer {
  const open = async (access: Access): Promise<Opened> => {
    const made = create(access);
    await made.set('bench', 'x');
    return opened(
      () => made.set('bench', 'x'),
      () => made.quit(),
    );
  };
  return { name, ours, open };
}

const login = ({ host, port, user, password }: Access): object => ({ host, port, username: user, password });

/** The same SET on one connection. */
export const REDIS_PEERS: readonly Peer[] = [
  redis('redis-ha', true, (access) => new HaRedis({ ...login(access), env: {} })),
  redis(
    'redis-ha, autoPipelining',
    true,
    (access) => new HaRedis({ ...login(access), autoPipelining: true, env: {} }),
  ),
  redis('ioredis', false, (access) => new Redis(login(access))),
  redis(
    'ioredis, enableAutoPipelining',
    false,
    (access) => new Redis({ ...login(access), enableAutoPipelining: true }),
  ),
  {
    name: 'node-redis',
    ours: false,
    async open({ host, port, user: username, password }) {
      const { createClient } = (await load('redis')) as unknown as Loose;
      const made = createClient?.({ socket: { host, port }, username, password }) as Loose;
      await made['connect']?.();
      const run = (): Promise<unknown> => made['set']?.('bench', 'x') as Promise<unknown>;
      await run();
      return opened(run, () => made['close']?.() as Promise<unknown>);
    },
  },
  {
    name: 'iovalkey',
    ours: false,
    async open(access) {
      const made = make(await load('iovalkey'), 'default', login(access));
      const run = (): Promise<unknown> => made['set']?.('bench', 'x') as Promise<unknown>;
      await run();
      return opened(run, () => made['quit']?.() as Promise<unknown>);
    },
  },
  {
    name: 'Valkey GLIDE',
    ours: false,
    async open({ host, port, user: username, password }) {
      const { GlideClient } = (await load('@valkey/valkey-glide')) as { GlideClient?: Loose };
      // By default it refuses the 1,001st command under way.
      const settings = {
        addresses: [{ host, port }],
        credentials: { username, password },
        inflightRequestsLimit: 10_000,
      };
      const made = (await GlideClient?.['createClient']?.(settings)) as Loose;
      const run = (): Promise<unknown> => made['set']?.('bench', 'x') as Promise<unknown>;
      await run();
      return opened(run, async () => made['close']?.());
    },
  },
];
