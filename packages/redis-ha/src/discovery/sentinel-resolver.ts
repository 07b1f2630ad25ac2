import {
  endpointKey,
  HaError,
  isFinal,
  sleep,
  type Endpoint,
  type Epoch,
  type Observation,
  type Resolver,
} from '@steadfast/shared';
import { leadsTo, namesNoMaster, parseSentinelEvent, type SentinelEvent } from './sentinel-event.ts';
import { SentinelLink, type SentinelLinkOptions } from './sentinel-link.ts';
import { summarize, toObservations, type SentinelSummary, type SentinelView } from './sentinel-view.ts';

/** Configured and learnt ones together. */
const MAX_SENTINELS = 16;
/** How long the others are waited for once most have answered. */
const GRACE_MS = 20;
/** … and once most have failed, and none has answered. */
const LAST_HOPE_MS = 250;

export interface SentinelResolverOptions extends Omit<SentinelLinkOptions, 'onMessage'> {
  seeds: readonly Endpoint[];
  /** whether others are learnt from those */
  learns: boolean;
  /** `by` is the sentinel that publishes it: its own id, or its address where it has not said that yet */
  onEvent: (event: SentinelEvent, by: string) => void;
  /** whom the sentinels name, and under which epoch, each time they have been asked */
  onNamed: (endpoint: Endpoint, epoch: Epoch) => void;
}

/**
 * Asks all sentinels side by side and hears the notifications of each: only the leader of a failover publishes its steps,
 * and nobody knows beforehand who that will be.
 */
export class SentinelResolver implements Resolver {
  readonly name = 'sentinel';
  readonly #options: SentinelResolverOptions;
  readonly #links = new Map<string, SentinelLink>();
  readonly #seeds: ReadonlySet<string>;
  #wake: ((reason: string) => void) | undefined;
  #everAnswered = false;
  #summary: SentinelSummary | undefined;

  constructor(options: SentinelResolverOptions) {
    this.#options = options;
    this.#seeds = new Set(options.seeds.map(endpointKey));
    for (const endpoint of options.seeds.slice(0, MAX_SENTINELS)) this.#add(endpoint);
  }

  /** What was said at the last question; undefined until one has answered. */
  get summary(): SentinelSummary | undefined {
    return this.#summary;
  }

  /** How many sentinels are known: one under two addresses has one voice. */
  get size(): number {
    return new Set([...this.#links.values()].map(voiceOf)).size;
  }

  /** Sentinels whose notifications our user may not hear. */
  get mute(): readonly string[] {
    return [...this.#links.values()].filter(({ mute }) => mute).map(({ key }) => key);
  }

  /** Whether it is the id of a sentinel that we ask ourselves. */
  knows(runId: string): boolean {
    return [...this.#links.values()].some((link) => link.runId === runId);
  }

  watch(wake: (reason: string) => void): void {
    this.#wake = wake;
    for (const link of this.#links.values()) link.subscribe();
  }

  async resolve(timeoutMs: number): Promise<readonly Observation[]> {
    const links = [...this.#links.values()];
    const heard = new Map<string, SentinelView>();
    const errors: unknown[] = [];
    const free = links.filter((link) => !link.silent);
    const rested = free.filter((link) => !link.resting);
    const asked = rested.length > 0 ? rested : free;
    for (const link of links) link.checkPulse();
    const answers = asked.map(async (link) => {
      try {
        const view = await link.ask(timeoutMs);
        heard.set(voiceOf(link), view);
      } catch (error) {
        errors.push(error);
      }
    });
    await this.#enough(answers, Math.floor(links.length / 2) + 1, heard);
    const views = [...heard.values()];
    if (views.length > 0 || this.#summary) this.#summary = summarize(views, this.size);
    if (views.length === 0) throw this.#failure(errors, asked.length);
    this.#everAnswered = true;
    if (this.#options.learns) this.#learn(views);
    const observations = toObservations(views);
    for (const one of observations)
      if (one.kind === 'nomination' && one.epoch !== undefined)
        this.#options.onNamed(one.endpoint, one.epoch);
    return observations;
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  /**
   * Waits for every answer, but for the slow ones only a moment once most are in. Where those say nothing, one that takes its time
   * is all there is: at the start it is waited for, since who has failed first would else end the client for good.
   */
  async #enough(
    answers: readonly Promise<void>[],
    majority: number,
    heard: ReadonlyMap<string, SentinelView>,
  ): Promise<void> {
    let open = answers.length;
    const left = new AbortController();
    const all = Promise.all(answers);
    await new Promise<void>((resolve) => {
      const leave = (ms: number): void =>
        void sleep(this.#options.clock, ms, { signal: left.signal }).then(resolve);
      const done = (): void => {
        open -= 1;
        if (open === 0) resolve();
        else if (answers.length - open < majority) return;
        else if (heard.size > 0) leave(GRACE_MS);
        else if (this.#everAnswered) leave(LAST_HOPE_MS);
      };
      for (const answer of answers) void answer.then(done);
      if (open === 0) resolve();
      void all.then(() => resolve());
    });
    left.abort();
  }

  /**
   * Wrong settings end the wait at once, but only at the start: a sentinel that loses its configuration later must not end
   * the others' waiting.
   */
  #failure(errors: readonly unknown[], asked: number): unknown {
    const final = errors.find(isFinal);
    if (final !== undefined && !this.#everAnswered) return final;
    const because = errors
      .map((error) => (error instanceof Error ? error.message : String(error)))
      .join('; ');
    const message = `none of ${this.#links.size} sentinels answered${asked === 0 ? ': all are silent' : `: ${because}`}`;
    return new HaError('HA_DIAL_FAILED', message, { outcome: 'notSent', cause: errors[0] });
  }

  /** Sentinels know each other: one address is enough to find all of them, and one that is gone from all lists is let go. */
  #learn(views: readonly SentinelView[]): void {
    // One that answers nowhere any more may have moved.
    const held = new Set([...this.#links.values()].filter(({ lost }) => !lost).map(({ runId }) => runId));
    const listed = new Map(
      views.flatMap((view) => view.sentinels).map((one) => [endpointKey(one.endpoint), one] as const),
    );
    for (const [key, link] of this.#links) {
      if (this.#seeds.has(key) || listed.has(key) || views.some((view) => view.sentinel === key)) continue;
      link.close();
      this.#links.delete(key);
    }
    for (const [key, { endpoint, runId }] of listed) {
      if (this.#links.has(key) || held.has(runId) || this.#links.size >= MAX_SENTINELS) continue;
      const link = this.#add(endpoint);
      if (this.#wake) link.subscribe();
    }
  }

  #add(endpoint: Endpoint): SentinelLink {
    const { onEvent, onNamed: _named, seeds: _seeds, learns: _learns, ...options } = this.#options;
    const onMessage = (step: string, message: string): void => {
      const event = parseSentinelEvent(step, message, options.master, options.translate);
      const target = event && leadsTo(event);
      if (!event || (target && !options.mayDial(target.host))) return;
      onEvent(event, voiceOf(link));
      if (!namesNoMaster(event)) this.#wake?.(`${endpointKey(endpoint)} published ${step}`);
    };
    const link = new SentinelLink(endpoint, { ...options, onMessage });
    this.#links.set(link.key, link);
    return link;
  }
}

/** The sentinel itself, where it has said who it is, else its address. */
function voiceOf({ runId, key }: SentinelLink): string {
  return runId ?? key;
}
