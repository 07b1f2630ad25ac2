import type { PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import { AutoPrepare } from './prepare.ts';
import { Statements } from './statements.ts';

interface Connection {
  parsedStatements: Record<string, string>;
  close(message: { name: string }): void;
}

function connection(): { client: PoolClient; parsed: Connection['parsedStatements']; closed: string[] } {
  const closed: string[] = [];
  const parsed: Record<string, string> = {};
  const inner: Connection = { parsedStatements: parsed, close: ({ name }) => void closed.push(name) };
  return { client: { connection: inner } as unknown as PoolClient, parsed, closed };
}

const refusal = (code: string): Error => Object.assign(new Error('no'), { code, severity: 'ERROR' });

/** A statement that has been used often enough. */
function worn(statements: Statements, text: string): ReturnType<Statements['of']> {
  for (let n = 1; n < 5; n++) statements.of(text);
  return statements.of(text);
}

describe('a statement’s name', () => {
  it('is given from the fifth use on, the same on every connection', () => {
    const [statements, prepare] = [new Statements(), new AutoPrepare(10)];
    const [a, b] = [connection(), connection()];
    const names = Array.from({ length: 6 }, (_, n) =>
      prepare.named((n % 2 ? a : b).client, statements.of('SELECT 1'), 'SELECT 1'),
    );
    expect(names.map((config) => config?.name)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'steadfast_1',
      'steadfast_1',
    ]);
  });

  it.each([
    ['is not plain', 'SET a = 1'],
    ['has a name of the app’s', { text: 'SELECT 1', name: 'mine' }],
    ['is read in pieces', { text: 'SELECT 1', rows: 10 }],
  ])('is not given to one that %s', (_what, config) => {
    const statement = worn(new Statements(), typeof config === 'string' ? config : config.text);
    expect(new AutoPrepare(10).named(connection().client, statement, config)).toBeUndefined();
  });

  it('leaves the app’s own config as it was', () => {
    const config = { text: 'SELECT $1', values: [1] };
    const sent = new AutoPrepare(10).named(connection().client, worn(new Statements(), config.text), config);
    expect(sent).toEqual({ text: 'SELECT $1', values: [1], name: 'steadfast_1' });
    expect(config).toEqual({ text: 'SELECT $1', values: [1] });
  });

  it('goes with what a class has as getters, as tagged templates do', () => {
    class Tagged {
      readonly parts = ['SELECT ', ''];
      get text(): string {
        return this.parts.join('$1');
      }
      get values(): number[] {
        return [1];
      }
      get rowMode(): string {
        return 'array';
      }
    }
    const config = new Tagged();
    const sent = new AutoPrepare(10).named(connection().client, worn(new Statements(), config.text), config);
    expect(sent).toMatchObject({
      text: 'SELECT $1',
      values: [1],
      rowMode: 'array',
      name: 'steadfast_1',
    });
  });
});

describe('the names on one connection', () => {
  it('are bounded: the one not used for longest is closed', () => {
    const [statements, prepare, { client, parsed, closed }] = [
      new Statements(),
      new AutoPrepare(2),
      connection(),
    ];
    for (const text of ['SELECT 1', 'SELECT 2', 'SELECT 1', 'SELECT 3']) {
      const name = prepare.named(client, worn(statements, text), text)?.name ?? '';
      parsed[name] = text;
    }
    expect(closed).toEqual(['steadfast_2']);
    expect(Object.values(parsed)).toEqual(['SELECT 1', 'SELECT 3']);
  });

  it('are not closed before they stand: another one goes without until then', () => {
    const [statements, prepare, { client, closed }] = [new Statements(), new AutoPrepare(1), connection()];
    prepare.named(client, worn(statements, 'SELECT 1'), 'SELECT 1');
    expect(prepare.named(client, worn(statements, 'SELECT 2'), 'SELECT 2')).toBeUndefined();
    expect(closed).toEqual([]);
  });

  it('are not kept for one that the server could not read: its place goes to another', () => {
    const [statements, prepare, { client, parsed }] = [new Statements(), new AutoPrepare(1), connection()];
    const broken = worn(statements, 'SELECT no_such_thing');
    const name = prepare.named(client, broken, broken.text)?.name ?? '';
    expect(prepare.isStale(client, broken, name, refusal('42703'))).toBe(false);
    expect(prepare.named(client, worn(statements, 'SELECT 2'), 'SELECT 2')?.name).toBe('steadfast_2');
    expect(parsed).toEqual({});
  });

  it.each([
    ['the server does not know it', '26000', { mine: 'SELECT 2' }],
    ['its result has changed its shape', '0A000', { steadfast_1: 'SELECT 1', mine: 'SELECT 2' }],
  ])('are replaced once where %s, however many were on their way', (_why, code, left) => {
    const [statements, prepare, { client, parsed }] = [new Statements(), new AutoPrepare(10), connection()];
    const statement = worn(statements, 'SELECT 1');
    prepare.named(client, statement, 'SELECT 1');
    Object.assign(parsed, { steadfast_1: 'SELECT 1', mine: 'SELECT 2' });
    expect(prepare.isStale(client, statement, 'steadfast_1', refusal(code))).toBe(true);
    expect(prepare.named(client, statement, 'SELECT 1')?.name).toBe('steadfast_2');
    expect(prepare.isStale(client, statement, 'steadfast_1', refusal(code))).toBe(true);
    expect(prepare.named(client, statement, 'SELECT 1')?.name).toBe('steadfast_2');
    expect(parsed).toEqual(left);
  });

  it('have nothing to do with any other error', () => {
    const statement = worn(new Statements(), 'SELECT 1');
    for (const error of [refusal('42601'), refusal('23505'), new Error('gone')])
      expect(new AutoPrepare(10).isStale(connection().client, statement, 'a', error)).toBe(false);
  });
});
