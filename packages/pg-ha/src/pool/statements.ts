/** What is known of a statement by its text. */
export interface Statement {
  readonly text: string;
  /** one statement that reads or changes rows and leaves its session as it found it */
  readonly plain: boolean;
  /** how often it was asked for */
  uses: number;
  /** what it is prepared as, once it is */
  name: string | undefined;
}

/** So many texts are remembered. */
const MAX_TEXTS = 2_000;
/** Longer ones are looked at anew each time, characters: most of them are made for one use. */
const MAX_LENGTH = 16_384;

/** The statements that were run of late, those that are used least forgotten first. */
export class Statements {
  readonly #known = new Map<string, Statement>();
  readonly #max: number;

  constructor(max: number = MAX_TEXTS) {
    this.#max = max;
  }

  /** What is known of `text`; counts as a use. */
  of(text: string): Statement {
    let statement = this.#known.get(text);
    if (statement) this.#known.delete(text);
    else statement = { text, plain: isPlain(text), uses: 0, name: undefined };
    statement.uses += 1;
    if (text.length > MAX_LENGTH) return statement;
    this.#known.set(text, statement); // the last in order is the latest used
    if (this.#known.size > this.#max) this.#forgetOldest();
    return statement;
  }

  get size(): number {
    return this.#known.size;
  }

  #forgetOldest(): void {
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }
}

const BEGINNING =
  /^(?:\s|\(|--[^\r\n]*(?:[\r\n]|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:select|insert|update|delete|merge|values|table|with)\b/i;
/** What belongs to a session, or is made to block: a statement behind it would wait for no reason of its own. */
const OF_A_SESSION =
  /\b(?:set_config|pg_(?:try_)?advisory\w*|pg_sleep\w*|currval|lastval|into\s+(?:(?:local|global)\s+)?temp(?:orary)?)\b/i;
const SEVERAL = /;\s*\S/;

/**
 * Whether a text is one statement that reads or changes rows and nothing else. Errs on the side of no: such a statement is
 * sent as it always was.
 */
export function isPlain(text: unknown): boolean {
  return typeof text === 'string' && BEGINNING.test(text) && !SEVERAL.test(text) && !OF_A_SESSION.test(text);
}
