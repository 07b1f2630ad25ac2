/** What a request is matched by: `connect`, a word of the protocol's (`startup`, `cancel` …), or its SQL or command. */
export type When = string | RegExp;

/** One step of what a scripted server does instead of answering. */
export type Step =
  /** carries the request out, and answers as a real server does */
  | 'answer'
  /** says nothing more on this connection, and keeps it open */
  | 'hang'
  /** ends the connection in order */
  | 'close'
  /** ends it at once */
  | 'reset'
  /** carries the request out, and sends so many bytes of the answer */
  | { readonly answerUpTo: number }
  /** carries the request out, and sends what becomes of the answer */
  | { readonly answerAs: (answer: Buffer) => Buffer }
  /** from here on so many bytes are sent on this connection, and then it ends; what arrives before that is carried out */
  | { readonly passBytes: number }
  /** sends these bytes */
  | { readonly send: string | Buffer }
  /** goes on when it has resolved */
  | { readonly wait: PromiseLike<unknown> }
  /** something happens elsewhere */
  | { readonly run: () => void };

export interface Rule {
  readonly on: When;
  readonly does: readonly Step[];
  /** how often it applies (default: always) */
  readonly times?: number;
}

/** A rule that is in force, and what has come of it. */
export interface Scripted {
  /** requests that it has met */
  readonly met: number;
  /** the length of the last answer that it has changed, whole */
  readonly answerBytes: number | undefined;
  /** from now on it applies to nothing */
  end(): void;
}

/** The rules of one server: the newest that fits applies. */
export class Script {
  readonly #rules: RuleInForce[] = [];

  add(rule: Rule): Scripted {
    const inForce = new RuleInForce(rule, () => {
      const index = this.#rules.indexOf(inForce);
      if (index >= 0) this.#rules.splice(index, 1);
    });
    this.#rules.unshift(inForce);
    return inForce;
  }

  /** The rule for a request, which counts as met. */
  meet(request: string): RuleInForce | undefined {
    const rule = this.#rules.find((one) => one.fits(request));
    rule?.meet();
    return rule;
  }

  clear(): void {
    this.#rules.length = 0;
  }
}

export class RuleInForce implements Scripted {
  readonly steps: readonly Step[];
  readonly #on: When;
  readonly #times: number;
  readonly #end: () => void;
  met = 0;
  answerBytes: number | undefined;

  constructor({ on, does, times = Infinity }: Rule, end: () => void) {
    this.steps = does;
    this.#on = on;
    this.#times = times;
    this.#end = end;
  }

  fits(request: string): boolean {
    return typeof this.#on === 'string' ? this.#on === request : this.#on.test(request);
  }

  meet(): void {
    this.met += 1;
    if (this.met >= this.#times) this.#end();
  }

  end(): void {
    this.#end();
  }
}
