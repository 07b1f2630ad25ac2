import { describe, expect, it } from 'vitest';
import { isPlain, Statements } from './statements.ts';

describe('a plain statement', () => {
  it.each([
    'SELECT 1',
    '  select $1::int ; ',
    '/* web:conversations#index */ SELECT 1',
    '-- why\nSELECT 1',
    '(SELECT 1) UNION (SELECT 2)',
    'WITH moved AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM moved',
    'INSERT INTO a VALUES ($1) ON CONFLICT DO NOTHING',
    'update a set temp = 1 where id = $1 returning *',
    'DELETE FROM a',
    'MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE',
    'VALUES (1), (2)',
    'TABLE a',
    'SELECT pg_advisory_xact_lock_of_mine FROM a',
  ])('%s', (text) => expect(isPlain(text)).toBe(!text.includes('advisory')));

  it.each([
    ['opens or ends a transaction', 'BEGIN'],
    ['opens or ends a transaction', 'START TRANSACTION'],
    ['opens or ends a transaction', 'COMMIT'],
    ['sets something on the session', 'SET search_path = a'],
    ['sets something on the session', "SELECT set_config('a.b', 'c', false)"],
    ['sets something on the session', 'RESET ALL'],
    ['prepares', 'PREPARE a AS SELECT 1'],
    ['prepares', 'EXECUTE a'],
    ['prepares', 'DEALLOCATE ALL'],
    ['listens', 'LISTEN jobs'],
    ['makes a temporary table', 'CREATE TEMP TABLE a (id int)'],
    ['makes a temporary table', 'SELECT * INTO TEMP a FROM b'],
    ['makes a temporary table', 'select * into local temporary a from b'],
    ['takes a lock of the session', 'SELECT pg_advisory_lock(1)'],
    ['takes a lock of the session', 'SELECT pg_try_advisory_lock(1)'],
    ['reads what the session has done', "SELECT currval('a_id_seq')"],
    ['reads what the session has done', 'SELECT lastval()'],
    ['sleeps', 'SELECT pg_sleep(1)'],
    ['is a cursor', 'DECLARE a CURSOR FOR SELECT 1'],
    ['streams', 'COPY a FROM STDIN'],
    ['is several', 'SELECT 1; SELECT 2'],
    ['is several', 'SELECT 1; BEGIN'],
    ['may work by several transactions', 'CALL a()'],
    ['may work by several transactions', 'DO $$ BEGIN END $$'],
    ['may work by several transactions', 'VACUUM a'],
    ['changes what tables look like', 'ALTER TABLE a ADD b int'],
    ['is none', ''],
    ['is none', '/* /* nested */ */ SELECT 1'],
    ['is none', undefined],
  ])('is not one that %s: %s', (_why, text) => expect(isPlain(text)).toBe(false));
});

it('tells a long row of comments from a statement without trying every way to read it', () => {
  expect(isPlain(`${'/* a */ -- b\n'.repeat(5_000)} SET a = 1`)).toBe(false);
});

describe('the statements of a pool', () => {
  it('are counted by their text', () => {
    const statements = new Statements();
    statements.of('SELECT 1');
    expect(statements.of('SELECT 1')).toMatchObject({ uses: 2, plain: true });
    expect(statements.of('SET a = 1')).toMatchObject({ uses: 1, plain: false });
  });

  it('are bounded: the one not used for longest is forgotten, and long ones are not kept at all', () => {
    const statements = new Statements(2);
    for (const text of ['SELECT 1', 'SELECT 2', 'SELECT 1', 'SELECT 3']) statements.of(text);
    expect(statements.size).toBe(2);
    expect(statements.of('SELECT 1').uses).toBe(3);
    expect(statements.of('SELECT 2').uses).toBe(1);
    const long = `SELECT ${'1,'.repeat(20_000)} 1`;
    statements.of(long);
    expect(statements.of(long).uses).toBe(1);
  });
});
