import {
  endpointKey,
  HaError,
  isHaError,
  type Endpoint,
  type Outcome,
  type Refusal,
} from '@steadfast/shared';
import type { Link } from '../world/link.ts';
import type { Answer, Body } from '../world/server.ts';
import type { PoolOptions } from './pool.ts';
import { loginRefusal } from './sim-prober.ts';

/** What came of one statement. */
export type Said =
  | { readonly is: 'answer'; readonly answer: Answer }
  | { readonly is: 'failed'; readonly outcome: Outcome; readonly byRole: boolean; readonly why: string };

/** A first packet that was lost is sent again after so long by the kernel, ms. */
const KERNEL_RESEND_MS = 1_000;

/**
 * MODELLED: a connection as HaClient makes it: it waits for its turn, asks who is primary now, dials, asks the server what it
 * is, and is let in only if that leaves it the primary that is followed.
 */
export class Connection {
  endpoint: Endpoint | undefined;
  /** stamped when it was let in */
  generation: number | undefined;
  /** the generation of which its dial was paced */
  dialGeneration = 0;
  dialSince: number | undefined;
  /** what its server has shown of itself */
  role: 'primary' | 'replica' | undefined;
  timeline: number | undefined;
  link: Link | undefined;
  busySince: number | undefined;
  nextSignMs = 1;
  readonly #options: PoolOptions;
  readonly #tell: (sign: string) => void;
  #pending: ((said: Said) => void) | undefined;
  #giveUp: ((why: string) => void) | undefined;
  #ended = false;

  constructor(options: PoolOptions, suspect: (sign: string) => void) {
    this.#options = options;
    this.#tell = suspect;
  }

  get usable(): boolean {
    return !this.#ended && this.generation !== undefined && this.link?.open === true;
  }

  connect(): Promise<void> {
    const { pacer, seat } = this.#options;
    return pacer.run(
      () => seat.topology.generation,
      () => this.#dial(),
    );
  }

  /** Runs one statement. A link that ends meanwhile leaves it in doubt, as `inDoubt` has it. */
  run(body: Body, inDoubt: { outcome: Outcome; byRole: boolean }): Promise<Said> {
    const { world } = this.#options;
    return new Promise((resolve) => {
      if (!this.usable || !this.link)
        return resolve({ is: 'failed', outcome: 'notSent', byRole: true, why: 'the link is gone' });
      this.busySince = world.app.now();
      this.nextSignMs = 1;
      const settle = (said: Said): void => {
        this.#pending = undefined;
        this.busySince = undefined;
        resolve(said);
      };
      this.#pending = settle;
      this.#lostMeans = inDoubt;
      this.link.request(body, (answer) => {
        if (answer.is !== 'refused') return settle({ is: 'answer', answer });
        const byRole = answer.sqlstate === '25006';
        if (byRole) this.#tell('25006');
        settle({ is: 'failed', outcome: 'rejected', byRole, why: answer.sqlstate });
      });
    });
  }

  #lostMeans: { outcome: Outcome; byRole: boolean } = { outcome: 'unknown', byRole: true };

  /** Ends it, from this side. */
  close(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.link?.close();
    this.#giveUp?.(why);
    this.#fail(why);
  }

  supersededBy(generation: number, primary: string): boolean {
    if (this.generation !== undefined) return this.generation < generation;
    return this.endpoint !== undefined && endpointKey(this.endpoint) !== primary;
  }

  #fail(why: string): void {
    this.#pending?.({ is: 'failed', ...this.#lostMeans, why });
  }

  async #dial(): Promise<void> {
    const { parts, seat, world } = this.#options;
    const choice = parts.pick(seat.topology);
    if (choice.at === 'wait') throw dialFailed('HA_NO_PRIMARY', choice.why);
    if (this.#ended) throw dialFailed('HA_CLOSED', 'closed before its turn came');
    const { endpoint } = choice.member;
    this.endpoint = endpoint;
    this.dialGeneration = seat.topology.generation;
    this.dialSince = world.app.now();
    this.#options.dialled(this);
    try {
      await this.#reach(endpoint);
    } catch (error) {
      this.#ended = true;
      this.link?.close();
      // A server that refuses us is there: that speaks against nobody.
      if (!isHaError(error, 'HA_AUTH') && !/full/.test((error as Error).message))
        this.#tell((error as Error).message);
      throw error;
    } finally {
      this.dialSince = undefined;
      this.#giveUp = undefined;
    }
    this.#options.admitted(this);
  }

  async #reach(endpoint: Endpoint): Promise<void> {
    const { seat, world, parts } = this.#options;
    const { answer, since } = await this.#identity(endpoint);
    if (answer.is !== 'who') throw dialFailed('HA_DIAL_FAILED', 'no identity');
    const { role, timeline } = answer;
    const self = { kind: 'self', endpoint, role, epoch: timeline, at: since } as const;
    seat.report(self);
    [this.role, this.timeline] = [role, timeline];
    const { topology } = seat;
    const key = endpointKey(endpoint);
    const refusal = parts.admits(topology, self);
    if (refusal) throw dialFailed(refusal.code, `${key} ${refusal.why}`);
    this.generation = topology.generation;
    const { link } = this;
    if (!link) return;
    link.lost = (why) => {
      this.#ended = true;
      this.#tell(why);
      this.#fail(why);
    };
    world.trace.note('connected', key, link.server.name, `generation ${topology.generation}`);
  }

  #identity(endpoint: Endpoint): Promise<{ answer: Answer; since: number }> {
    const { world, plane, dialTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = world.app.timer(dialTimeoutMs, () => fail('no answer'));
      const fail = (why: string): void => {
        timer.cancel();
        const member = endpointKey(endpoint);
        reject(loginRefusal(why, member) ?? dialFailed('HA_DIAL_FAILED', `${member}: ${why}`));
      };
      this.#giveUp = fail;
      const link = world.link(endpoint, plane);
      this.link = link;
      if (!link) return fail('refused');
      link.lost = fail;
      link.connect(() => {
        const since = world.app.now();
        link.request({ is: 'who' }, (answer) => {
          timer.cancel();
          resolve({ answer, since });
        });
      }, KERNEL_RESEND_MS);
    });
  }
}

function dialFailed(
  code: 'HA_DIAL_FAILED' | 'HA_NO_PRIMARY' | 'HA_CLOSED' | Refusal['code'],
  why: string,
): HaError {
  return new HaError(code, why, { outcome: 'notSent' });
}
