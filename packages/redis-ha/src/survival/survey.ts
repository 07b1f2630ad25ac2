import type { Endpoint } from '@steadfast/shared';
import { Beside, throwRefusal, type BesideOptions } from '../wire/beside.ts';
import { sleepUnless } from '../wire/sleep-unless.ts';
import type { WireConnection } from '../wire/wire-connection.ts';
import { readHistory, sharedUpTo, survival, type History, type Sample, type Survival } from './survival.ts';
import { Tally } from './tally.ts';

/** What became of the writes that one master acknowledged to the clients of this process, once another is followed. */
export interface SurvivalReport extends Survival {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** why nothing can be said of some, where that has a reason beyond the time between two looks */
  readonly why?: string;
}

export interface SurveyOptions extends Omit<BesideOptions, 'work' | 'purpose'> {
  /** writes are held: what is in flight ends now, and the next looks decide */
  holding: () => boolean;
  onReport: (report: SurvivalReport) => void;
}

/** The time of one master, from when it is followed. */
interface Reign {
  readonly endpoint: Endpoint;
  readonly generation: number;
  /** the tally when it began */
  readonly base: number;
  readonly samples: Sample[];
  history?: History;
}

/** Looks at the master while writes come, and while they are held. */
const LOOK_MS = 100;
const HELD_LOOK_MS = 20;
/** About half a minute of looks: a replica that lags more is no hope anyway. */
const MAX_SAMPLES = 256;
const ANSWER_MS = 1_000;

/**
 * Notes the master's replication offset beside the count of acknowledged writes, off their way, and says after each change of
 * master what of them is on the new one.
 */
export class Survey {
  readonly tally: Tally = new Tally();
  readonly #options: SurveyOptions;
  readonly #beside: Beside;
  #reign: Reign | undefined;
  #pause: AbortController | undefined;
  /** the one before, until the present master's history has been read */
  #ended: (Reign & { readonly acknowledged: number }) | undefined;

  constructor(options: SurveyOptions) {
    this.#options = options;
    const work = (connection: WireConnection, signal: AbortSignal): Promise<void> =>
      this.#run(connection, signal);
    this.#beside = new Beside({ ...options, purpose: 'the survival report', work });
  }

  follow(endpoint: Endpoint | undefined, generation: number): void {
    if (endpoint && this.#reign?.generation !== generation) this.#begin(endpoint, generation);
    this.#beside.follow(endpoint, generation);
  }

  /** Something begins after which every look counts: the next one comes at once. */
  lookNow(): void {
    this.#pause?.abort();
  }

  close(): void {
    this.#beside.close();
  }

  #begin(endpoint: Endpoint, generation: number): void {
    const { acknowledged: base } = this.tally;
    // A master that was left before its history could be read says nothing of the one before it.
    if (this.#ended && this.#reign) this.#report(this.#reign.endpoint, undefined);
    if (this.#reign) this.#ended = { ...this.#reign, acknowledged: base - this.#reign.base };
    this.#reign = { endpoint, generation, base, samples: [] };
  }

  async #run(connection: WireConnection, signal: AbortSignal): Promise<void> {
    const { clock, holding } = this.#options;
    let seen = -1;
    while (!signal.aborted) {
      const reign = this.#reign;
      if (!reign) return;
      // Where nothing has been acknowledged since, another look proves nothing new.
      if (this.tally.acknowledged !== seen || this.tally.inFlight > 0 || !reign.history || this.#ended) {
        seen = this.tally.acknowledged;
        await this.#look(connection, reign);
      }
      this.#pause = new AbortController();
      const pauseMs = holding() ? HELD_LOOK_MS : LOOK_MS;
      await sleepUnless(clock, pauseMs, [signal, this.#pause.signal], { background: true });
    }
  }

  async #look(connection: WireConnection, reign: Reign): Promise<void> {
    const { base, samples } = reign;
    const before = this.tally.acknowledged - base;
    const replies = await connection.ask([['INFO', 'replication']], ANSWER_MS);
    throwRefusal(replies);
    const history = readHistory(replies[0]);
    if (!history || this.#reign !== reign) return;
    // It has been restarted, and begins another history: what it acknowledged before is judged as that of another master.
    if (reign.history && reign.history.id !== history.id)
      return this.#begin(reign.endpoint, reign.generation);
    reign.history = history;
    const after = this.tally.acknowledged - base + this.tally.inFlight;
    samples.push({ offset: history.offset, before, after });
    if (samples.length > MAX_SAMPLES) samples.shift();
    if (this.#ended) this.#report(reign.endpoint, history);
  }

  #report(to: Endpoint, now: History | undefined): void {
    const ended = this.#ended;
    this.#ended = undefined;
    if (!ended) return;
    const upTo = ended.history && now ? sharedUpTo(ended.history, now) : undefined;
    const report: SurvivalReport = {
      from: ended.endpoint,
      to,
      ...survival(ended.samples, ended.acknowledged, upTo),
      ...(upTo === undefined ? { why: reason(ended.history, now) } : {}),
    };
    this.#options.log.info(
      { event: 'survival', ...report },
      'what of the old master’s writes is on the new one',
    );
    this.#options.onReport(report);
  }
}

function reason(old: History | undefined, now: History | undefined): string {
  if (!now) return 'the new master was left before it could be asked';
  return old ? 'the new master does not come from the old one’s history' : 'the old master was never asked';
}
