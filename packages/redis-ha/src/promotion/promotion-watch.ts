import {
  endpointKey,
  primaryOf,
  sleep,
  type Clock,
  type Epoch,
  type HaLogger,
  type Observation,
  type Prober,
  type Random,
  type Timer,
  type Topology,
} from '@steadfast/shared';
import type { SentinelEvent } from '../discovery/sentinel-event.ts';
import {
  advance,
  isWithdrawn,
  NOTHING_HEARD,
  UNCONFIRMED_MS,
  type Promotion,
  type PromotionInput,
} from './promotion.ts';

export interface PromotionWatchOptions {
  clock: Clock;
  random: Random;
  /** asks the chosen replica; its connection stays open while the promotion is awaited */
  prober: Prober;
  log: HaLogger;
  topology: () => Topology;
  sentinels: () => number;
  report: (observation: Observation) => void;
}

/** Pauses between two questions to the replica that is being promoted: 5 to 10 ms. */
const ASK_EVERY_MS = 5;
const ANSWER_MS = 250;

/**
 * Follows a failover as its leader announces it: the chosen replica is asked until it says that it is master, and is then
 * nominated under the failover's epoch, which fences the old master. Where the failover comes to nothing that is taken back.
 */
export class PromotionWatch {
  readonly #options: PromotionWatchOptions;
  #course = NOTHING_HEARD;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: PromotionWatchOptions) {
    this.#options = options;
  }

  hear(event: SentinelEvent, by: string): void {
    this.#apply({ is: 'event', by, event });
  }

  /** The sentinels have been asked, and name a master under that epoch. */
  named(epoch: Epoch): void {
    this.#apply({ is: 'named', epoch });
  }

  topologyChanged(): void {
    const { promotion } = this.#course;
    if (promotion.at !== 'followed') return;
    const { replica } = promotion;
    const member = this.#options.topology().members.get(endpointKey(replica));
    if (member?.role === 'replica') this.#apply({ is: 'demoted', endpoint: replica, at: member.observedAt });
  }

  close(): Promise<void> | void {
    this.#closed = true;
    this.#timer?.cancel();
    return this.#options.prober.close();
  }

  #apply(input: PromotionInput): void {
    if (this.#closed) return;
    const { clock, topology, sentinels, prober } = this.#options;
    const known = topology();
    const primary = primaryOf(known);
    const before = this.#course.promotion;
    this.#course = advance(this.#course, input, {
      now: clock.now(),
      epoch: known.epoch,
      primary: primary && endpointKey(primary.endpoint),
      sentinels: sentinels(),
    });
    const { promotion } = this.#course;
    if (promotion === before) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (promotion.at !== 'none') {
      const late = (): void => this.#apply({ is: 'late' });
      this.#timer = clock.timer(UNCONFIRMED_MS + 1, late, { background: true });
    }
    if (isWithdrawn(before, promotion)) this.#withdraw(before, promotion);
    if (promotion.at === 'announced') void this.#ask(promotion);
    else prober.rest();
  }

  /** Runs while this announcement is the last word, which is for ten seconds at most. */
  async #ask(promotion: Promotion & { at: 'announced' }): Promise<void> {
    const { clock, random, prober, report } = this.#options;
    const { replica, epoch, leader } = promotion;
    while (!this.#closed && this.#course.promotion === promotion) {
      const answer = await prober.probe(replica, ANSWER_MS).catch(() => undefined);
      if (this.#course.promotion !== promotion) return;
      if (answer?.kind === 'self' && answer.role === 'primary') {
        this.#apply({ is: 'promoted', endpoint: replica });
        report({ kind: 'nomination', endpoint: replica, epoch, source: `sentinel ${leader}`, at: answer.at });
        return report(answer);
      }
      await sleep(clock, ASK_EVERY_MS * (1 + random.next()), { background: true });
    }
  }

  #withdraw(from: Promotion & { at: 'followed' }, to: Promotion): void {
    const { clock, log, report } = this.#options;
    const { replica: endpoint, epoch, back, leader } = from;
    const why = to.at === 'none' ? to.because : 'another leader';
    log.warn(
      { event: 'promotion-void', member: endpointKey(endpoint), epoch, why },
      'a failover that was followed before its end has come to nothing: what was written to its replica may be lost',
    );
    report({ kind: 'withdrawal', endpoint, epoch, back, source: `sentinel ${leader}`, at: clock.now() });
  }
}
