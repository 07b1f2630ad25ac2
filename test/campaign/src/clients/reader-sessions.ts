import type { SessionIntent, SessionValue } from '@steadfast/check';
import type { HaPool } from '@steadfast/pg-ha';
import type { Answer, Work } from './client.ts';
import type { Turn } from './plans.ts';
import { epochOf, SESSION_READ, SESSION_WRITE, type EpochRow } from './sql.ts';

/** What a session knows: a token, and up to which number of its own that token covers what it has seen. */
interface Known {
  readonly token: string;
  readonly number: number;
}

/**
 * Sessions as an app has them: a write, a token taken after it, reads on standbys under the latest token. A writer is a
 * session, and its calls may overlap: one that reads more than its token covers takes another token before it ends, since
 * a later read of the session may be led to a standby that is not as far.
 */
export class ReaderSessions {
  readonly #pool: HaPool;
  readonly #reader: HaPool;
  readonly #client: string;
  readonly #deadlineMs: number;
  readonly #known = new Map<number, Known>();

  constructor(pool: HaPool, reader: HaPool, client: string, deadlineMs: number) {
    this.#pool = pool;
    this.#reader = reader;
    this.#client = client;
    this.#deadlineMs = deadlineMs;
  }

  get work(): Record<'session' | 'session-read', Work> {
    return {
      session: {
        intent: ({ n }): SessionIntent => ({ writes: n + 1 }),
        run: (_, turn) => this.#writeAndRead(turn),
      },
      'session-read': { run: (_, { writer }) => this.#read(writer) },
    };
  }

  async #writeAndRead({ writer, n }: Turn): Promise<Answer> {
    const number = n + 1;
    const { rows } = await this.#pool.query<EpochRow>({
      text: SESSION_WRITE,
      values: [this.#client, writer, number],
      idempotent: true,
      deadlineMs: this.#deadlineMs,
    });
    const wroteAt = Number(process.hrtime.bigint());
    await this.#cover(writer, number);
    return { ...(await this.#read(writer)), epoch: epochOf(rows), wroteAt };
  }

  async #read(writer: number): Promise<Answer> {
    const known = this.#known.get(writer);
    const { rows } = await this.#reader.query<{ number: number }>({
      text: SESSION_READ,
      values: [this.#client, writer],
      deadlineMs: this.#deadlineMs,
      ...(known && { after: known.token }),
    });
    const read = rows[0]?.number ?? 0;
    if (read > (known?.number ?? 0)) await this.#cover(writer, read);
    return { value: { read } satisfies SessionValue };
  }

  async #cover(writer: number, number: number): Promise<void> {
    const token = await this.#pool.token();
    if (number > (this.#known.get(writer)?.number ?? 0)) this.#known.set(writer, { token, number });
  }
}
