import type { Clock, Timer } from '@steadfast/shared';
import type { FleetKind } from './kinds.ts';
import { Station } from './station.ts';
import { Tally } from './tally.ts';

/** How often whoever wants a connection asks for it while he is not let in: by himself, as `openTcp`, or by his kernel. */
export type Insistence = 'knocks' | 'kernel' | 'once';

/** A first attempt that hangs gets company after so long, and then so often, ms: as `openTcp` has it. */
const ALONE_MS = 100;
const KNOCK_MS = 25;
/** The kernel's first pause, ms; each is twice as long as the one before. */
const RESEND_MS = 1_000;

/** A connection that is being made. */
export interface Login {
  /** the server's queue has let it in, so long after it was first asked, ms */
  readonly opened?: (afterMs: number) => void;
  readonly heard?: () => void;
  readonly done: () => void;
}

/** The server that takes over: a queue in front of its postmaster, and those who are logged in already beside that. */
export class NewPrimary {
  promoted = false;
  /** packets that ask for a connection */
  readonly knocks: Tally = new Tally();
  readonly logins: Tally = new Tally();
  /** of those, logins of whoever had given up by then */
  inVain = 0;
  readonly #clock: Clock;
  readonly #kind: FleetKind;
  readonly #postmaster: Station;
  readonly #sessions: Station;

  constructor(clock: Clock, kind: FleetKind, processes: number) {
    const { least, each, most } = kind.room;
    this.#clock = clock;
    this.#kind = kind;
    this.#postmaster = new Station(clock, Math.min(most, Math.max(least, each * processes)));
    this.#sessions = new Station(clock);
  }

  /** Makes a connection; returns the way to give that up. */
  logIn(insistence: Insistence, { opened, heard, done }: Login): () => void {
    const clock = this.#clock;
    const since = clock.now();
    let wanted = true;
    let timer: Timer | undefined;
    const turn = {
      begun: () => wanted && heard?.(),
      done: () => {
        this.logins.add(clock.now());
        if (wanted) done();
        else this.inVain += 1;
      },
    };
    const knock = (nth: number): void => {
      this.knocks.add(clock.now());
      if (this.#postmaster.ask(this.#kind.loginMs, turn)) opened?.(clock.now() - since);
      else if (insistence === 'knocks')
        timer = clock.timer(nth === 0 ? ALONE_MS : KNOCK_MS, () => knock(nth + 1));
      else if (insistence === 'kernel') timer = clock.timer(RESEND_MS * 2 ** nth, () => knock(nth + 1));
    };
    knock(0);
    return () => {
      wanted = false;
      timer?.cancel();
    };
  }

  /** Asks on a connection that stands: nobody is in the way but others who do the same. */
  ask(done: () => void): void {
    this.#sessions.ask(this.#kind.questionMs, { done });
  }
}
