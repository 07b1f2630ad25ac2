import type { Clock, Instant } from '../runtime/clock.ts';
import { Crowding } from './crowding.ts';
import type { QuestionSigns } from './question-signs.ts';

/** An answer is slow from here on, ms, or where it took four times as long as the quickest. */
const SLOW_MS = 50;

/** The longest pause between two questions, however slow the answers, ms. */
const MAX_GAP_MS = 2_000;

/** A question that gets no answer so soon after another got one may have found a server that is slow, not one that is gone, ms. */
const ALIVE_MS = 3_000;

/** The pause that such a question leads to, ms: four times as long as the quickest answer took, within these. */
const DOUBT_GAP_MS = { least: 20, most: 100 };

/** For so long a question whose server has begun to answer keeps others from being put beside it, ms. */
const ANSWERING_MS = 250;

/** Who was shut and has opened so short a time ago is about to answer, ms. */
const OPENING_MS = 100;

/** A question that is out. */
export interface PacedQuestion extends QuestionSigns {
  /** it has ended, answered or not */
  readonly end: (answered: boolean) => void;
}

/**
 * When to ask again who is behind a route. Each question costs its server a login, so whoever asks often enough to be the
 * load himself never gets an answer in time. One question is out at a time: another goes out beside it only when it has
 * taken twice as long as they do of late, since a load balancer may have led it to a server that hangs; one that has begun to
 * answer does not hang. While answers are slow the pauses double, while they are quick they halve.
 */
export class RoutePace {
  readonly #clock: Clock;
  readonly #crowding: Crowding;
  #askedAt: Instant = -Infinity;
  #answeredAt: Instant = -Infinity;
  /** the newest question is still open */
  #open = false;
  /** the question that was the last to hear the first byte of its answer, and when */
  #answering: { question: PacedQuestion; since: Instant } | undefined;
  /** the question that was the last to get a connection, and when */
  #opening: { question: PacedQuestion; since: Instant } | undefined;
  /** the questions that were let in and have heard nothing, and since when */
  readonly #letIn = new Map<object, Instant>();
  #hurriedAt: Instant = -Infinity;
  #usualMs = 0;
  #quickestMs = Infinity;
  #gapMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#crowding = new Crowding(clock);
  }

  get mayAsk(): boolean {
    const since = this.sinceMs;
    return !this.answering && since >= this.#gapMs && (!this.#open || since >= 2 * this.#usualMs);
  }

  /** Whether a server has begun to answer, a moment ago. */
  get answering(): boolean {
    return this.#answering !== undefined && this.#clock.now() - this.#answering.since < ANSWERING_MS;
  }

  /** Whether who was shut has opened a moment ago. */
  get opening(): boolean {
    return this.#opening !== undefined && this.#clock.now() - this.#opening.since < OPENING_MS;
  }

  /** Whether more want to get in than the server can take. */
  get crowded(): boolean {
    return this.#crowding.seen;
  }

  /** For how long a question that was let in has heard nothing, the longest, ms; undefined: there is none. */
  get letInMs(): number | undefined {
    const [since] = this.#letIn.values();
    return since === undefined ? undefined : this.#clock.now() - since;
  }

  /** For how long nobody has been asked, ms. */
  get sinceMs(): number {
    return this.#clock.now() - this.#askedAt;
  }

  /** For how long nobody has answered, ms. */
  get silentMs(): number {
    return this.#clock.now() - this.#answeredAt;
  }

  /** How long a question beside another one may take at least, ms: one that hangs must not hold the place of one that would not. */
  patienceMs(leastMs: number): number {
    return Math.max(leastMs, 4 * this.#usualMs);
  }

  /** A question goes out. */
  ask(): PacedQuestion {
    const since = this.#clock.now();
    this.#askedAt = since;
    this.#open = true;
    const question = {
      opened: () => {
        this.#crowding.letIn(question);
        if (since >= this.#hurriedAt) this.#opening = { question, since: this.#clock.now() };
      },
      letIn: () => void this.#letIn.set(question, this.#clock.now()),
      heard: () => {
        this.#letIn.delete(question);
        this.#crowding.over(question);
        if (since >= this.#hurriedAt) this.#answering = { question, since: this.#clock.now() };
      },
      end: (answered: boolean) => {
        this.#letIn.delete(question);
        this.#crowding.over(question);
        if (this.#answering?.question === question) this.#answering = undefined;
        if (this.#opening?.question === question) this.#opening = undefined;
        this.#end(since, answered);
      },
    };
    return question;
  }

  /** Whoever is behind the route has changed: what is known of answers is of another server. */
  hurry(): void {
    this.#open = false;
    this.#answering = undefined;
    this.#opening = undefined;
    this.#hurriedAt = this.#clock.now();
    this.#usualMs = 0;
    this.#gapMs = 0;
  }

  #end(since: Instant, answered: boolean): void {
    const now = this.#clock.now();
    if (this.#askedAt === since) this.#open = false;
    const tookMs = now - since;
    if (answered) {
      this.#answeredAt = now;
      this.#learn(tookMs);
    } else if (now - this.#answeredAt > ALIVE_MS) {
      this.hurry();
    } else if (tookMs > SLOW_MS) {
      const { least, most } = DOUBT_GAP_MS;
      this.#gapMs = Math.max(this.#gapMs, least, Math.min(most, 4 * this.#quickestMs));
    }
  }

  #learn(tookMs: number): void {
    this.#usualMs = tookMs;
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    const slow = tookMs > Math.max(SLOW_MS, 4 * this.#quickestMs);
    this.#gapMs = slow ? Math.min(MAX_GAP_MS, Math.max(SLOW_MS, 2 * this.#gapMs)) : this.#gapMs / 2;
  }
}
