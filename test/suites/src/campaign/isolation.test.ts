import { onLists, TABLES, type Ask } from '@steadfast/campaign';
import { checkAppend, type Call, type CallEnd, type Operation } from '@steadfast/check';
import pg from 'pg';
import { expect, it } from 'vitest';
import { withPostgres } from '../support/with-postgres.ts';

const held = withPostgres();

/** A transaction of the campaign's, step by step. */
class Steps {
  readonly #session: pg.Client;
  readonly #id: string;
  readonly #intent: Operation[] = [];
  readonly #value: Operation[] = [];

  constructor(session: pg.Client, id: string) {
    this.#session = session;
    this.#id = id;
  }

  async step(...operation: ['append' | 'read', key: string]): Promise<void> {
    const [what, key] = operation;
    const planned: Operation = what === 'append' ? [what, key, `${this.#id}/0`] : [what, key];
    const ask: Ask = async <Row extends object>(text: string, values: (string | number)[]) =>
      (await this.#session.query<Row>(text, values)).rows;
    this.#intent.push(planned);
    const { value } = await onLists(ask, 'one', [planned]);
    this.#value.push(...(value as Operation[]));
  }

  async commit(): Promise<Call> {
    const end = await this.#session.query('COMMIT').then(
      (): CallEnd => ({ as: 'ok', at: 2, epoch: 1, value: this.#value }),
      (error: { code: string }): CallEnd => ({ as: 'fail', at: 2, error: error.code }),
    );
    const [id, intent] = [this.#id, this.#intent];
    return { id, writer: 0, kind: 'append', deadlineMs: undefined, began: 1, intent, end };
  }
}

it.each([
  ['read committed', 'ok', 'invalid', ['G2']],
  ['repeatable read', 'ok', 'invalid', ['G2']],
  ['serializable', 'fail', 'valid', []],
])('two transactions that each miss what the other appends, %s', async (level, second, verdict, names) => {
  const sessions = [
    new pg.Client(held.config as pg.ClientConfig),
    new pg.Client(held.config as pg.ClientConfig),
  ];
  const [first] = sessions as [pg.Client];
  for (const session of sessions) await session.connect();
  try {
    await first.query(TABLES);
    for (const session of sessions) await session.query(`BEGIN ISOLATION LEVEL ${level}`);
    const [a, b] = sessions.map((session, index) => new Steps(session, `${index}`)) as [Steps, Steps];
    await a.step('read', 'x');
    await b.step('read', 'y');
    await a.step('append', 'y');
    await b.step('append', 'x');
    const calls = [await a.commit(), await b.commit()];
    expect(calls.map(({ end }) => end.as)).toEqual(['ok', second]);
    const { rows } = await first.query<{ key: string; elements: string }>('SELECT * FROM campaign_list');
    const last = Object.fromEntries(rows.map(({ key, elements }) => [key, elements.split(',')]));
    const report = checkAppend(calls, last, { serversKeep: true });
    expect([report.verdict, report.anomalies.map(({ name }) => name)]).toEqual([verdict, names]);
  } finally {
    for (const session of sessions) await session.end();
  }
});
