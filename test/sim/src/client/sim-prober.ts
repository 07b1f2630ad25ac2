import {
  endpointKey,
  HaError,
  type Endpoint,
  type Observation,
  type Prober,
  type QuestionSigns,
} from '@steadfast/shared';
import type { Link } from '../world/link.ts';
import type { Plane } from '../world/plane.ts';
import type { World } from '../world/world.ts';

/** A probe whose first packet is lost sends another one, ms: as `openTcp` does. */
const SECOND_WAY_MS = 100;

interface Line {
  link: Link;
  standing: boolean;
  busy: boolean;
}

interface Bounds {
  timeoutMs: number;
  patienceMs: number;
  signs: QuestionSigns | undefined;
  letInMs: number | undefined;
}

/** What was asked so far, for the checks. */
export interface Asked {
  probes: number;
  mostAtOnce: number;
}

/**
 * Asks servers over the simulated network, as `PgProber` does: on connections that stay open while a search is on, or on a
 * new one for each question where what stands behind an address can change.
 */
export class SimProber implements Prober {
  readonly asked: Asked = { probes: 0, mostAtOnce: 0 };
  readonly #world: World;
  readonly #plane: Plane;
  readonly #lines = new Map<string, Line>();
  /** ends each question that is under way */
  readonly #ends = new Set<(reason: string) => void>();
  readonly #atOnce = new Map<string, number>();
  readonly #heard: (timeline: number) => void;

  /** @param heard a server that says it is primary has shown its timeline */
  constructor(world: World, plane: Plane, heard: (timeline: number) => void) {
    this.#world = world;
    this.#plane = plane;
    this.#heard = heard;
  }

  async probe(
    endpoint: Endpoint,
    timeoutMs: number,
    patienceMs: number = timeoutMs,
    signs?: QuestionSigns,
    letInMs?: number,
  ): Promise<Observation> {
    const key = endpointKey(endpoint);
    const leave = this.#count(key, timeoutMs);
    try {
      return await this.#ask(endpoint, key, { timeoutMs, patienceMs, signs, letInMs });
    } finally {
      leave();
    }
  }

  /** Counts one that is under way; one that was let in and waits for longer is no burden beyond its connection. */
  #count(key: string, forMs: number): () => void {
    const atOnce = (this.#atOnce.get(key) ?? 0) + 1;
    this.#atOnce.set(key, atOnce);
    this.asked.probes += 1;
    this.asked.mostAtOnce = Math.max(this.asked.mostAtOnce, atOnce);
    let counts = true;
    const leave = (): void => {
      timer.cancel();
      if (counts) this.#atOnce.set(key, (this.#atOnce.get(key) ?? 1) - 1);
      counts = false;
    };
    const timer = this.#world.app.timer(forMs, leave);
    return leave;
  }

  rest(): void {
    for (const [key, line] of this.#lines) {
      if (line.busy) continue; // it is still to be answered
      this.#lines.delete(key);
      line.link.close();
    }
  }

  close(): void {
    this.rest();
    for (const end of this.#ends) end('closed');
  }

  #ask(
    endpoint: Endpoint,
    key: string,
    { timeoutMs, patienceMs, signs, letInMs }: Bounds,
  ): Promise<Observation> {
    const { app } = this.#world;
    const at = app.now();
    return new Promise((resolve, reject) => {
      const line = this.#line(endpoint, key);
      if (!line) return resolve({ kind: 'unreachable', endpoint, reason: 'refused', at });
      const { link } = line;
      line.busy = true;
      let heard = false;
      const silent = app.timer(patienceMs, () => !heard && gone('nothing heard'));
      let timer = app.timer(timeoutMs, () => gone('no answer'));
      const gone = (reason: string): void => {
        if (this.#lines.get(key) === line) this.#lines.delete(key);
        link.close();
        settle({ kind: 'unreachable', endpoint, reason, at });
      };
      // A server that refuses us is there, and says nothing of its role.
      const lost = (why: string): void => {
        const refusal = loginRefusal(why, key);
        if (refusal) reject(refusal);
        gone(why);
      };
      const settle = (observation: Observation): void => {
        timer.cancel();
        silent.cancel();
        line.busy = false;
        this.#ends.delete(gone);
        resolve(observation);
      };
      this.#ends.add(gone);
      link.lost = lost;
      const put = (): void =>
        link.request({ is: 'who' }, (answer) => {
          if (answer.is !== 'who') return gone('no answer');
          if (this.#lines.get(key) !== line) link.close();
          const { role, timeline: epoch } = answer;
          if (role === 'primary' && epoch !== undefined) this.#heard(epoch);
          settle({ kind: 'self', endpoint, role, epoch, at });
        });
      if (line.standing) return put();
      link.connect(() => {
        line.standing = heard = true;
        signs?.letIn();
        if (letInMs !== undefined) {
          timer.cancel();
          timer = app.timer(letInMs, () => gone('no answer'));
        }
        put();
      }, SECOND_WAY_MS);
    });
  }

  #line(endpoint: Endpoint, key: string): Line | undefined {
    const known = this.#plane.fresh ? undefined : this.#lines.get(key);
    if (known?.link.open && !known.busy) return known;
    const link = this.#world.link(endpoint, this.#plane);
    if (!link) return undefined;
    const line = { link, standing: false, busy: false };
    // Beside one that hangs another is made, for one question.
    if (!this.#plane.fresh && !known?.link.open) this.#lines.set(key, line);
    return line;
  }
}

/** As dialError of pg-ha; undefined where the server could not be reached at all. */
export function loginRefusal(why: string, member: string): HaError | undefined {
  const details = { outcome: 'notSent', member } as const;
  if (why === '28P01') return new HaError('HA_AUTH', `${member} refuses us`, details);
  return why === '53300' ? new HaError('HA_DIAL_FAILED', `${member} is full`, details) : undefined;
}
