import { seededRandom } from '@steadfast/shared';
import { clientKind } from '../clients/registry.ts';
import type { ClientKind, Opened } from '../clients/bench-client.ts';
import type { Beat } from '../method/beat.ts';
import { Latencies } from '../method/latencies.ts';
import { runLoad } from '../method/load.ts';
import type { Tally } from '../method/tally.ts';
import { findWorkload } from '../workloads/find-workload.ts';
import { operationPicker } from '../workloads/pick-operation.ts';
import type { Workload } from '../workloads/workload.ts';
import type { Job, StretchResult } from './messages.ts';
import { Meter } from './meter.ts';
import type { Sockets } from './sockets.ts';

const OPEN_MS = 30_000;

/** Does a job: opens its client, runs the load, and says what it came to. */
export async function measure(job: Job, beat: Beat, sockets: Sockets): Promise<StretchResult> {
  const kind = clientKind(job.client);
  const workload = await findWorkload(job.workload, job.library);
  const session = new Session(kind, workload, job, beat);
  await session.open();
  try {
    const meter = new Meter(sockets);
    const tally = await runLoad({
      loop: job.loop,
      run: () => session.run(),
      judge: kind.judge,
      beat,
      warmupMs: job.warmupMs,
      measureMs: job.measureMs,
      drainMs: job.drainMs,
      onMeasure: (begins) => {
        if (!begins) return meter.end();
        session.forgetDials();
        sockets.forgetDials();
        meter.begin();
      },
    });
    return {
      ...resultOf(tally, job.measureMs, meter),
      ...(session.dials.count > 0 && { dials: session.dials.encode(), tcp: sockets.tcp.encode() }),
      ...(session.dials.count > 0 && sockets.tls.count > 0 && { tls: sockets.tls.encode() }),
    };
  } finally {
    await session.close();
  }
}

/**
 * Latencies are those of the operations that were meant to begin within the measured time. What is told per second and per
 * operation is of those that ended within it, since CPU and bytes are: what an overloaded server ends later is not its rate.
 */
export function resultOf(tally: Tally, measureMs: number, meter: Pick<Meter, 'per'>): StretchResult {
  return {
    operations: [...tally.byKind.values()].reduce((sum, { count }) => sum + count, 0),
    perSecond: (tally.endedWithin * 1_000) / measureMs,
    byKind: Object.fromEntries([...tally.byKind].map(([name, latencies]) => [name, latencies.encode()])),
    ...(tally.unfinished.count > 0 && { unfinished: tally.unfinished.encode() }),
    errors: tally.errors,
    ...(tally.firstError !== undefined && { firstError: tally.firstError }),
    ...meter.per(tally.endedWithin),
  };
}

type AnyClient = Opened<never>;

/** The client of a job, or one for each operation where the workload wants that. */
class Session {
  dials: Latencies = new Latencies();
  readonly #make: () => AnyClient;
  readonly #draw: () => { kind: string; run: (client: never, random: () => number) => Promise<unknown> };
  readonly #random: () => number;
  readonly #each: boolean;
  readonly #beat: Beat;
  #kept: AnyClient | undefined;

  constructor(kind: ClientKind, workload: Workload, job: Job, beat: Beat) {
    const random = seededRandom(job.seed);
    this.#random = () => random.next();
    this.#make = () => kind.open(job.env, workload.connectEach ? 1 : job.connections) as AnyClient;
    const pick = operationPicker(
      workload.name,
      workload.operations(job.data, job.scale) as readonly never[],
      job.readOnly,
    );
    this.#draw = () => pick(this.#random);
    this.#each = workload.connectEach === true;
    this.#beat = beat;
  }

  async open(): Promise<void> {
    if (this.#each) return;
    this.#kept = this.#make();
    const late = this.#beat.until(this.#beat.now() + OPEN_MS).then(() => {
      throw new Error(`no connection within ${OPEN_MS} ms`);
    });
    await Promise.race([this.#kept.ready(), late]);
  }

  async run(): Promise<string> {
    const { kind, run } = this.#draw();
    if (this.#kept) await run(this.#kept.client, this.#random);
    else await this.#runAlone(run);
    return kind;
  }

  async #runAlone(run: (client: never, random: () => number) => Promise<unknown>): Promise<void> {
    const began = this.#beat.now();
    const own = this.#make();
    try {
      await own.ready();
      this.dials.record(this.#beat.now() - began);
      await run(own.client, this.#random);
    } finally {
      await own.close();
    }
  }

  /** The first ones load code, look names up, and find the primary. */
  forgetDials(): void {
    this.dials = new Latencies();
  }

  async close(): Promise<void> {
    await this.#kept?.close();
  }
}
