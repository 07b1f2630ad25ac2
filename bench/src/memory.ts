import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { PASSWORD, removeFolder, serverFolder, startPostgres } from '@steadfast/lab/lone';
import { HaPool } from '@steadfast/pg-ha';
import { median } from './ratio.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What can be ended, of which many are made. */
interface Kind {
  readonly name: string;
  /** makes `count` of them; resolves with the way to end them all */
  readonly make: (count: number) => Promise<() => Promise<unknown>>;
  readonly count: number;
}

/**
 * Bytes of heap that a pool takes which is idle, with one connection each, and a call that waits, ours and the stock pool's;
 * on a server of its own.
 */
export async function memory(): Promise<void> {
  const folder = await serverFolder('memory');
  const server = await startPostgres(folder, 'memory');
  try {
    const { host, port } = server;
    const config = { host, port, user: 'postgres', password: PASSWORD, database: 'postgres', max: 1 };
    console.log(`bytes of heap each, Node ${process.version}\n\n| what | pg.Pool | HaPool |\n|---|---|---|`);
    const stock = kinds((options) => new pg.Pool({ ...config, ...options }));
    const ours = kinds((options) => new HaPool({ ...config, ...options, env: {} }));
    for (const [n, kind] of stock.entries()) {
      const figures = [await bytesEach(kind), await bytesEach(ours[n] ?? kind)];
      console.log(`| ${kind.name} | ${figures.join(' | ')} |`);
    }
    console.log(`| a call that waits for a primary | – | ${await bytesEach(waitingForPrimary(config))} |`);
  } finally {
    await server.stop();
    await removeFolder(folder);
  }
}

function kinds(create: (options: pg.PoolConfig) => pg.Pool): Kind[] {
  const pools = async (count: number): Promise<pg.Pool[]> => {
    const made = Array.from({ length: count }, () => create({}));
    for (const pool of made) await pool.query('SELECT 1');
    return made;
  };
  return [
    {
      name: 'an idle pool with one connection',
      count: 80,
      make: async (count) => {
        const made = await pools(count);
        return () => Promise.all(made.map((pool) => pool.end()));
      },
    },
    {
      name: 'a call that waits for a connection of a full pool',
      count: 10_000,
      make: async (count) => {
        const pool = create({});
        const held = await pool.connect();
        const calls = Array.from({ length: count }, () => pool.query('SELECT $1::int', [1]));
        return async () => {
          held.release();
          await Promise.all(calls);
          await pool.end();
        };
      },
    },
  ];
}

function waitingForPrimary(config: pg.PoolConfig): Kind {
  return {
    name: 'a call that waits for a primary',
    count: 10_000,
    make: async (count) => {
      const pool = new HaPool({ ...config, port: 9, failoverWaitMs: 60_000, env: {} });
      const calls = Array.from({ length: count }, () =>
        pool.query('SELECT $1::int', [1]).catch(() => undefined),
      );
      await sleep(500);
      return async () => {
        await pool.end();
        await Promise.all(calls);
      };
    },
  };
}

/** The median of three, once everything has been warmed up. */
async function bytesEach(kind: Kind): Promise<number> {
  await measured({ ...kind, count: 20 });
  const figures = [await measured(kind), await measured(kind), await measured(kind)];
  return Math.round(median(figures) / kind.count);
}

/** What they take together. A function of its own: its frame goes when it ends, and all that it still holds with it. */
async function measured({ make, count }: Kind): Promise<number> {
  const before = await heap();
  const end = await make(count);
  const taken = (await heap()) - before;
  await end();
  return taken;
}

async function heap(): Promise<number> {
  for (let n = 0; n < 4; n++) {
    await sleep(20);
    collect();
  }
  return process.memoryUsage().heapUsed;
}
