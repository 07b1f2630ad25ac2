import { Lab } from '@steadfast/lab';
import { POSTGRES_PEERS, REDIS_PEERS, type Access, type Peer } from './overhead/peers.ts';
import { keepProfile } from './overhead/profile.ts';
import { sideBySide, type Plan, type SideBySide } from './overhead/side-by-side.ts';
import type { RatioResult } from './result.ts';

export interface OverheadOptions {
  readonly repetitions: number;
  readonly operations: number;
  readonly seed: number;
  /** added by a proxy on the way to PostgreSQL and Redis */
  readonly roundTripMs: number;
  /** where CPU profiles of ours are kept whose goal was missed */
  readonly profiles: string | undefined;
}

const CALLERS = [1, 32, 128, 1_024];

/** What is wanted where callers outnumber connections, and at least of stock everywhere else. */
function goals(roundTripMs: number): Plan['goal'] {
  return (ours, other, callers) => {
    const stock = other === 'pg.Pool' || other === 'ioredis';
    const plain = ours === 'pg-ha' || ours === 'redis-ha';
    if (plain) return stock ? 0.98 : undefined;
    if (callers !== 128) return undefined;
    if (other === 'pg.Pool') return roundTripMs >= 2 ? 4 : 2;
    if (other === 'postgres.js') return 1;
    return other === 'ioredis' ? 1.5 : undefined;
  };
}

/**
 * What our clients cost on the hot path, and what they gain there: the same operation through ours and through others, in turn,
 * each in a process of its own, on the lab's servers. Figures are ratios of what was measured side by side.
 */
export async function overhead(options: OverheadOptions): Promise<SideBySide> {
  const lab = await Lab.up({ managed: false, onProgress: (line) => console.error(line) });
  try {
    await lab.waitHealthy(60_000);
    const parts = [
      await compare(lab, 'PostgreSQL', POSTGRES_PEERS, postgresOf(lab), 'SELECT $1::int', options),
      await compare(lab, 'Redis', REDIS_PEERS, redisOf(lab), 'SET', options),
    ];
    const found = {
      ratios: parts.flatMap(({ ratios }) => ratios),
      notes: parts.flatMap(({ notes }) => notes),
    };
    print(found, options);
    return found;
  } finally {
    await lab.down();
  }
}

function postgresOf(lab: Lab): Access {
  const { postgres } = lab.description;
  const member = postgres?.members[0];
  if (!postgres || !member) throw new Error('the lab came up without PostgreSQL');
  const { user, password, database } = postgres;
  return { host: member.host, port: member.port, user, password, database };
}

function redisOf(lab: Lab): Access {
  const { redis } = lab.description;
  const member = redis?.members[0];
  if (!redis || !member) throw new Error('the lab came up without Redis');
  const { username, password } = redis;
  return { host: member.host, port: member.port, user: username, password, database: '' };
}

async function compare(
  lab: Lab,
  target: string,
  peers: readonly Peer[],
  access: Access,
  workload: string,
  { repetitions, operations, seed, roundTripMs, profiles }: OverheadOptions,
): Promise<SideBySide> {
  const link = roundTripMs > 0 ? await lab.proxy({ host: access.host, port: access.port }) : undefined;
  try {
    await link?.set({ latencyMs: roundTripMs / 2 });
    const way = link ? { ...access, ...link.endpoint } : access;
    const plan = {
      target,
      workload,
      callers: CALLERS,
      repetitions,
      operations,
      seed,
      goal: goals(roundTripMs),
    };
    const { ratios, notes } = await sideBySide(peers, way, plan);
    if (profiles === undefined) return { ratios, notes };
    const profiled: RatioResult[] = [];
    for (const ratio of ratios) profiled.push(await keepProfile(ratio, peers, way, operations, profiles));
    return { ratios: profiled, notes };
  } finally {
    await link?.close();
  }
}

function print(
  { ratios, notes }: SideBySide,
  { repetitions, operations, seed, roundTripMs }: OverheadOptions,
): void {
  const way = roundTripMs > 0 ? `, ${roundTripMs} ms of round trip added` : '';
  console.log(
    `ours / other, ${repetitions} interleaved repetitions of at least ${operations} operations, 95 % intervals, Node ${process.version}, seed ${seed}${way}\n`,
  );
  console.log('| operation | ours | other | callers | of | ratio | goal |\n|---|---|---|---|---|---|---|');
  for (const { workload, ours, other, callers, of, median, low, high, goal, profile } of ratios) {
    const ratio = `${median.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
    const wanted =
      goal === undefined ? '' : `${goal}${median < goal ? ` missed${profile ? `, ${profile}` : ''}` : ''}`;
    console.log(`| ${workload} | ${ours} | ${other} | ${callers} | ${of} | ${ratio} | ${wanted} |`);
  }
  for (const note of notes) console.log(`\n${note}`);
}
