import type { PoolClient } from 'pg';
import {
  applyObservation,
  Deadline,
  differs,
  emptyTopology,
  HaError,
  outcomeOf,
  seededRandom,
  type Endpoint,
  type Observation,
  type ReadPreference,
  type Seat,
  type Topology,
} from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import type { LeaseRequest } from '../pool/lease.ts';
import type { QuestionBounds } from '../dial/question-bounds.ts';
import type { ProbeLines } from '../discovery/probe-lines.ts';
import { observeIdentity } from '../strategies/observe.ts';
import { Chooser } from './chooser.ts';
import type { MemberPools } from './member-pools.ts';
import { ReadSearch } from './read-search.ts';
import { ReadWatch } from './read-watch.ts';
import type { Standing } from './standing.ts';
import { parseToken } from './wal-position.ts';

const PRIMARY: Endpoint = { host: 'p', port: 1 };
export const A: Endpoint = { host: 'a', port: 1 };
export const B: Endpoint = { host: 'b', port: 1 };

type Answer = number | 'hangs' | 'refuses' | 'wants another password';

/** A cluster whose members answer looks and dials as they are told; a number is a position in the log. */
export interface Cluster {
  looks: Record<string, Answer>;
  dials: Record<string, 'ok' | 'hangs' | 'refuses'>;
  /** hosts that were dialled, in order */
  dialled: string[];
  /** what servers say when they are asked on their connection; absent where the watch knows */
  reached?: () => Promise<boolean>;
  /** the password is a function */
  rereadsPassword?: boolean;
}

export interface Setup extends Cluster {
  clock: ManualClock;
  watch: ReadWatch;
  /** the host that serves, or the error */
  read(options?: { after?: string; ms?: number }): Promise<string>;
  suspicions: string[];
  /** the monitor learns something */
  report: (observation: Observation) => void;
}

function refused(host: string): HaError {
  return new HaError('HA_DIAL_FAILED', `${host} refused`, { outcome: 'notSent' });
}

function denied(host: string): HaError {
  return new HaError('HA_AUTH', `${host} wants another password`, { outcome: 'notSent' });
}

export function setup(
  given: Partial<Cluster> = {},
  prefer: ReadPreference = 'prefer-standby',
  epoch = 1,
  maxWaiting = 100,
): Setup {
  const clock = new ManualClock(1_000);
  const random = seededRandom(11);
  const cluster: Cluster = { looks: { p: 100, a: 100, b: 100 }, dials: {}, dialled: [], ...given };
  const { rereadsPassword = false } = cluster;
  const { monitor, suspicions, report } = monitorOf(epoch);
  const watch = new ReadWatch({
    monitor,
    clock,
    random,
    rereadsPassword,
    lines: linesOf(cluster, epoch, clock),
    who: { user: 'u', database: 'd', trust: 't' },
    replicas: undefined,
    observe: observeIdentity,
    refreshMs: 1_000,
    hurriedMaxMs: 100,
    probeTimeoutMs: 1_000,
    maxWaiting,
  });
  const pools = poolsOf(cluster);
  const wish = { prefer, maxLagBytes: 50, order: 'random' } as const;
  const load = (): number => 0;
  const chooser = new Chooser({
    monitor,
    watch,
    clock,
    random,
    wish,
    readOnlyPrimary: false,
    vouched: false,
    asItIs: false,
    rereadsPassword,
    load,
  });
  const parts = {
    clock,
    random,
    monitor,
    watch,
    pools,
    chooser,
    tokenWaitMs: 200,
    hasReached: cluster.reached,
    answerMs: 1_000,
  };
  const read: Setup['read'] = ({ after, ms = 5_000 } = {}) =>
    new Promise((resolve, reject) => {
      const request: LeaseRequest = {
        deadline: Deadline.after(clock, ms),
        signal: undefined,
        after: after === undefined ? undefined : parseToken(after),
        attempts: 0,
        settled: false,
        granted: (client) => resolve((client as unknown as { host: string }).host),
        failed: reject,
      };
      new ReadSearch({ ...parts, onGrant: () => undefined }, request).start();
    });
  return { ...cluster, clock, watch, read, suspicions, report };
}

/** Looks that are answered as the cluster says. */
function linesOf(cluster: Cluster, epoch: number, clock: ManualClock): ProbeLines {
  return {
    ask: async ({ host }: Endpoint, { timeoutMs }: QuestionBounds): Promise<Standing> => {
      const answer = cluster.looks[host] ?? 'refuses';
      if (answer === 'hangs') {
        await new Promise<void>((resolve) => clock.timer(timeoutMs, resolve));
        throw new Error('no answer');
      }
      if (answer === 'refuses') throw refused(host);
      if (answer === 'wants another password') throw denied(host);
      const role = host === 'p' ? 'primary' : 'replica';
      const timeline = role === 'primary' ? epoch : undefined;
      return {
        role,
        position: answer,
        received: answer,
        timeline,
        replayedTimeline: epoch,
        receivedTimeline: undefined,
        receives: true,
        systemId: 's',
        readOnly: false,
      };
    },
    rest: () => undefined,
    close: () => undefined,
  } as unknown as ProbeLines;
}

/** A monitor that follows the primary, and learns what the test reports. */
function monitorOf(epoch: number): Pick<Setup, 'suspicions' | 'report'> & { monitor: Seat } {
  const suspicions: string[] = [];
  let topology: Topology = emptyTopology('self', [PRIMARY, A, B], 0);
  topology = applyObservation(topology, { kind: 'self', endpoint: PRIMARY, role: 'primary', epoch, at: 1 });
  const listeners: (() => void)[] = [];
  const report = (observation: Observation): void => {
    const before = topology;
    topology = applyObservation(topology, observation);
    if (differs(before, topology)) for (const listener of listeners) listener();
  };
  const monitor = {
    get topology() {
      return topology;
    },
    onChange: (listener: () => void) => listeners.push(listener),
    start: () => undefined,
    report,
    suspect: (why: string) => suspicions.push(why),
  } as unknown as Seat;
  return { monitor, suspicions, report };
}

/** pg-pools that dial as the cluster says. */
function poolsOf(cluster: Cluster): MemberPools {
  const at = ({ host }: Endpoint): unknown => ({
    idleCount: 0,
    waitingCount: 0,
    _pendingQueue: [],
    connect(callback: (error: Error | undefined, client?: PoolClient) => void) {
      cluster.dialled.push(host);
      const how = cluster.dials[host] ?? 'ok';
      if (how === 'refuses') callback(refused(host));
      if (how === 'ok') callback(undefined, { host, release: () => undefined } as unknown as PoolClient);
    },
  });
  return { at } as unknown as MemberPools;
}

/** What a read comes to while time passes in small steps, and how long it took. */
export async function settles(
  { clock }: Setup,
  work: Promise<string>,
  ms = 6_000,
): Promise<[result: string, ms: number]> {
  const from = clock.now();
  let result: string | undefined;
  let took = Infinity;
  work.then(
    (host) => ([result, took] = [host, clock.now() - from]),
    (error: HaError) => ([result, took] = [`${error.code} ${outcomeOf(error)}`, clock.now() - from]),
  );
  for (let passed = 0; result === undefined && passed < ms; passed += 10) await clock.advance(10);
  return [result ?? 'never', took];
}
