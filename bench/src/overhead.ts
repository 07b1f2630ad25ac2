import { Redis } from 'ioredis';
import pg from 'pg';
import { Lab } from '@steadfast/lab';
import { HaPool } from '@steadfast/pg-ha';
import { HaRedis } from '@steadfast/redis-ha';
import { closedLoop, type Stretch } from './measure.ts';
import { ratioOf, type Ratio } from './ratio.ts';

/** Ours and the stock client on the same server, doing the same. */
interface Pair {
  readonly name: string;
  readonly ours: () => Promise<unknown>;
  readonly stock: () => Promise<unknown>;
}

interface Row {
  readonly name: string;
  readonly callers: number;
  readonly throughput: Ratio;
  readonly cpu: Ratio;
}

const CALLERS = [1, 32, 128];
const OPERATIONS = 4_000;

/**
 * What our clients cost on the hot path: the same operation through ours and through the stock client, in turn, in one
 * process, on the lab's servers; the order changes every time. Figures are ratios of what was measured side by side.
 */
export async function overhead(repetitions: number, seed: number): Promise<void> {
  const lab = await Lab.up({ managed: false, onProgress: (line) => console.error(line) });
  try {
    await lab.waitHealthy(60_000);
    const clients = connect(lab);
    try {
      const rows: Row[] = [];
      for (const pair of clients.pairs) {
        for (const callers of CALLERS) rows.push(await compare(pair, callers, repetitions, seed));
      }
      print(rows, repetitions, seed);
    } finally {
      await clients.close();
    }
  } finally {
    await lab.down();
  }
}

function connect(lab: Lab): { pairs: Pair[]; close: () => Promise<void> } {
  const { postgres, redis } = lab.description;
  const [primary, master] = [postgres?.members[0], redis?.members[0]];
  if (!postgres || !redis || !primary || !master)
    throw new Error('the lab came up without PostgreSQL or Redis');
  const { user, password, database } = postgres;
  const pgStock = new pg.Pool({ host: primary.host, port: primary.port, user, password, database, max: 10 });
  const pgOurs = new HaPool({ max: 10, env: lab.env({ postgres: 'patroni' }) });
  const { username, password: redisPassword } = redis;
  const redisStock = new Redis({ host: master.host, port: master.port, username, password: redisPassword });
  const redisOurs = new HaRedis({ env: lab.env({ redis: 'sentinel' }) });
  return {
    pairs: [
      {
        name: 'PostgreSQL, select $1::int',
        ours: () => pgOurs.query('SELECT $1::int', [1]),
        stock: () => pgStock.query('SELECT $1::int', [1]),
      },
      {
        name: 'Redis, SET',
        ours: () => redisOurs.set('bench', 'x'),
        stock: () => redisStock.set('bench', 'x'),
      },
    ],
    close: async () => {
      await Promise.all([pgStock.end(), pgOurs.end(), redisStock.quit(), redisOurs.quit()]);
    },
  };
}

async function compare(pair: Pair, callers: number, repetitions: number, seed: number): Promise<Row> {
  const run = (operation: () => Promise<unknown>): Promise<Stretch> =>
    closedLoop(operation, callers, OPERATIONS);
  await run(pair.stock);
  await run(pair.ours); // warm-up of both
  const measured: { ours: Stretch; stock: Stretch }[] = [];
  for (let n = 0; n < repetitions; n++) {
    if (n % 2 === 0) measured.push({ ours: await run(pair.ours), stock: await run(pair.stock) });
    else {
      const stock = await run(pair.stock);
      measured.push({ ours: await run(pair.ours), stock });
    }
  }
  const ratio = (of: (stretch: Stretch) => number): Ratio =>
    ratioOf(
      measured.map(({ ours, stock }) => [of(ours), of(stock)] as const),
      seed,
    );
  return {
    name: pair.name,
    callers,
    throughput: ratio(({ perSecond }) => perSecond),
    cpu: ratio(({ cpuMicros }) => cpuMicros),
  };
}

function print(rows: readonly Row[], repetitions: number, seed: number): void {
  const show = ({ median, low, high }: Ratio): string =>
    `${median.toFixed(3)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  console.log(
    `ours / stock, ${repetitions} interleaved pairs of ${OPERATIONS} operations, 95 % intervals, Node ${process.version}, seed ${seed}\n`,
  );
  console.log('| operation | callers | throughput | CPU per operation |\n|---|---|---|---|');
  for (const row of rows)
    console.log(`| ${row.name} | ${row.callers} | ${show(row.throughput)} | ${show(row.cpu)} |`);
}
