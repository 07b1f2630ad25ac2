import { describe, expect, it } from 'vitest';
import { HaError, outcomeOf, type Outcome } from '@steadfast/shared';
import { dialError, poolEnded } from './dial-error.ts';
import { meaningOf, sqlstateOf } from './sqlstate.ts';
import { classifyWorkError, isByRole, lostStatement, endsTransaction } from './work-error.ts';

/** An error as pg-protocol makes it from an ErrorResponse. */
function serverError(code: string, severity = 'ERROR'): Error {
  return Object.assign(new Error(`server says ${code}`), { code, severity });
}

type Severity = 'ERROR' | 'FATAL' | 'PANIC';
const rows: [severity: Severity, sqlstate: string, text: string, outcome: Outcome, byRole: boolean][] = [
  ['ERROR', '25006', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['FATAL', '57P01', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['FATAL', '57P02', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['FATAL', '57P01', 'COMMIT', 'unknown', true],
  ['ERROR', '22012', 'BEGIN; INSERT INTO t VALUES (1); COMMIT; SELECT 1/0', 'unknown', false],
  ['ERROR', '23505', 'INSERT INTO t VALUES (1); COMMIT;', 'rejected', false],
  ['FATAL', '57P01', "INSERT INTO proof VALUES ('x'); COMMIT", 'unknown', true],
  ['FATAL', '57P03', 'SELECT 1', 'notSent', true],
  ['FATAL', '57P02', 'COMMIT', 'unknown', true],
  ['FATAL', '57P05', 'SELECT 1', 'rejected', true],
  ['FATAL', '08000', 'SELECT 1', 'unknown', true],
  ['FATAL', '08001', 'SELECT 1', 'notSent', true],
  ['FATAL', '08003', 'SELECT 1', 'unknown', true],
  ['FATAL', '08004', 'SELECT 1', 'notSent', true],
  ['ERROR', '22012', 'COMMIT;SELECT 1/0', 'unknown', false],
  ['ERROR', '22012', 'SELECT 1; PREPARE  TRANSACTION $1;  SELECT 1/0', 'unknown', false],
  ['ERROR', '23505', '/* nightly */ CALL archive()', 'unknown', false],
  ['ERROR', '23505', 'SELECT 1; CALL archive()', 'unknown', false],
  ['FATAL', '57P01', '/* nightly */ VACUUM', 'unknown', true],
  ['FATAL', '53300', 'SELECT 1', 'notSent', true],
  ['FATAL', '57P01', 'CALL archive()', 'unknown', true],
  ['FATAL', '57P01', 'CREATE INDEX CONCURRENTLY i ON t (a)', 'unknown', true],
  ['ERROR', '23505', 'CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)', 'unknown', false],
  ['ERROR', '57014', 'VACUUM', 'unknown', false],
  ['ERROR', '23505', 'CALL archive()', 'unknown', false],
  ['ERROR', '23505', '/* nightly */ DO $$ begin perform 1; commit; end $$', 'unknown', false],
  ['FATAL', '57P01', 'INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 'rejected', true],
  ['FATAL', '08006', 'SELECT 1', 'unknown', true],
  ['ERROR', '08P01', 'SELECT 1', 'rejected', false],
  ['ERROR', '08007', 'COMMIT', 'unknown', true],
  ['ERROR', '40003', 'COMMIT', 'unknown', true],
  ['ERROR', '40001', 'UPDATE t SET a = 1', 'rejected', false],
  ['ERROR', '40P01', 'UPDATE t SET a = 1', 'rejected', false],
  ['ERROR', '23505', 'INSERT INTO t VALUES (1)', 'rejected', false],
  ['ERROR', '42P01', 'SELECT * FROM nowhere', 'rejected', false],
  // of another server, which the statement uses, or of a database that it names
  ['ERROR', '08001', 'INSERT INTO foreign_table VALUES (1)', 'rejected', false],
  ['ERROR', '08000', 'INSERT INTO foreign_table VALUES (1)', 'unknown', false],
  ['ERROR', '08003', 'INSERT INTO foreign_table VALUES (1)', 'unknown', false],
  ['ERROR', '08006', 'INSERT INTO foreign_table VALUES (1)', 'unknown', false],
  ['ERROR', '53300', 'SELECT * FROM foreign_table', 'rejected', false],
  ['ERROR', '57P01', 'SELECT * FROM foreign_table', 'rejected', false],
  ['ERROR', '3D000', 'DROP DATABASE nowhere', 'rejected', false],
  // the disk is full with the log: the commit may have got into it
  ['PANIC', '53100', 'COMMIT', 'unknown', true],
  ['PANIC', '53100', 'INSERT INTO t VALUES (1)', 'unknown', true],
  ['ERROR', '53100', 'INSERT INTO t VALUES (1)', 'rejected', false],
];

const behindComments: [text: string, ends: boolean][] = [
  ['/* a */ COMMIT', true],
  ['/* a /* b */ */ COMMIT', true],
  ['/* a /*/*/**/*/*/ a */ COMMIT', true],
  ['SELECT 1; -- */\n END', true],
  ['/* COMMIT */ SELECT 1', false],
  ['/* a */ COMMIT /* b */', true],
  ['/* a */ SELECT 1; /* b */ COMMIT /* c */', true],
  ['SELECT CASE WHEN true THEN 1 /* a */ END', false],
  ["SELECT '/*'; COMMIT", true],
  // a mark without its counterpart begins and ends no comment
  ["SELECT '*/ COMMIT'", false],
  ["SELECT '*/ COMMIT';", false],
  ['/* open COMMIT', false],
];

describe('the end of a transaction', () => {
  it.each(behindComments)('in %j: %s', (text, ends) => {
    expect(endsTransaction(text)).toBe(ends);
  });

  it('is found behind comments however deep, without a stack as deep', () => {
    const text = `${'/*'.repeat(50_000)}${'*/'.repeat(50_000)}`;
    expect([endsTransaction(`${text} COMMIT`), endsTransaction(`${text} SELECT 1`)]).toEqual([true, false]);
  });
});

describe('a server’s error', () => {
  for (const [severity, sqlstate, text, outcome, byRole] of rows) {
    it(`${severity} ${sqlstate} on '${text}' means ${outcome}${byRole ? ', go elsewhere' : ''}`, () => {
      const error = serverError(sqlstate, severity);
      expect(classifyWorkError(error, text).outcome).toBe(outcome);
      expect(isByRole(error)).toBe(byRole);
    });
  }

  it('of a pooler, which calls a lost server a fatal protocol violation, leaves the outcome open', () => {
    const error = Object.assign(serverError('08P01'), { severity: 'FATAL' });
    expect(classifyWorkError(error, 'INSERT INTO t VALUES (1)').outcome).toBe('unknown');
    expect(isByRole(error)).toBe(true);
  });

  it('is no matter of the server where a statement’s own error was swallowed', () => {
    const codes = ['HA_ROLLED_BACK', 'HA_AUTH', 'HA_CONNECTION_LOST'] as const;
    const byRole = codes.map((code) => isByRole(new HaError(code, 'x', { outcome: 'rejected' })));
    expect(byRole).toEqual([false, false, true]);
  });

  it('leaves open what a statement may have done whose text is not known, only where the server goes away', () => {
    expect(classifyWorkError(serverError('57P01', 'FATAL'), undefined).outcome).toBe('unknown');
    expect(classifyWorkError(serverError('23505'), undefined).outcome).toBe('rejected');
  });

  it('stays the very object that pg gave', () => {
    const error = serverError('23505');
    expect(classifyWorkError(error, 'INSERT')).toBe(error);
  });

  it('is told from a socket’s error by its severity, not by its text', () => {
    expect(sqlstateOf(Object.assign(new Error('read ECONNRESET'), { code: 'EPIPE' }))).toBeUndefined();
    expect(classifyWorkError(new Error('anything'), 'SELECT 1').outcome).toBe('unknown');
  });

  it('is replayed with its whole transaction only where that is safe', () => {
    const replays = (severity: Severity, codes: string[]): unknown[] =>
      codes.map((code) => meaningOf(serverError(code, severity))?.replay);
    expect(replays('ERROR', ['40001', '40P01', '25006'])).toEqual([true, true, true]);
    expect(replays('FATAL', ['57P01', '40003', '08006'])).toEqual([true, false, false]);
    expect(replays('FATAL', ['57P03', '53300', '08001', '08004'])).toEqual([true, true, true, true]);
    expect(replays('ERROR', ['23505', '57P01'])).toEqual([false, false]);
  });
});

describe('a link that breaks', () => {
  const cause = new Error('read ECONNRESET');
  const lose = (lost: { queued: boolean; transactionStatus?: string; text?: string }): HaError =>
    lostStatement(cause, { member: 'a:1', transactionStatus: undefined, text: undefined, ...lost });

  it('leaves a statement that was still queued unsent', () => {
    expect(lose({ queued: true, text: 'INSERT' })).toMatchObject({
      code: 'HA_CONNECTION_LOST',
      outcome: 'notSent',
      cause,
      member: 'a:1',
    });
  });

  it('leaves an autocommit statement unknown', () => {
    expect(lose({ queued: false, transactionStatus: 'I', text: 'INSERT INTO t VALUES (1)' }).outcome).toBe(
      'unknown',
    );
  });

  it('proves that nothing of a transaction was applied, as long as COMMIT was not sent', () => {
    expect(lose({ queued: false, transactionStatus: 'T', text: 'INSERT INTO t VALUES (1)' })).toMatchObject({
      code: 'HA_TRANSACTION_LOST',
      outcome: 'rejected',
    });
  });

  const ends = [
    'COMMIT',
    'commit;',
    'END',
    'PREPARE TRANSACTION $1',
    'PREPARE\n  TRANSACTION $1',
    'PREPARE/* both */TRANSACTION $1',
    'SELECT 1; COMMIT',
    '/* all of it */ COMMIT',
    '-- all of it\nCOMMIT',
    '-- all of it\rCOMMIT',
    '/* all /* of */ it */ COMMIT',
    "select '--'; /* now */ commit",
  ];
  for (const text of ends) {
    it(`leaves '${text}' in a transaction unknown`, () => {
      expect(endsTransaction(text)).toBe(true);
      expect(lose({ queued: false, transactionStatus: 'T', text }).outcome).toBe('unknown');
    });
  }

  const inside = [
    "INSERT INTO t VALUES ('a') ON CONFLICT DO NOTHING",
    'SELECT CASE WHEN true THEN 1 END',
    "SELECT 'commit'",
  ];
  for (const text of inside) {
    it(`knows that '${text}' in a transaction was not applied`, () => {
      expect(lose({ queued: false, transactionStatus: 'T', text }).outcome).toBe('rejected');
    });
  }

  it('proves it for a transaction that had failed too, and for no statement whose text is not known', () => {
    expect(lose({ queued: false, transactionStatus: 'E', text: 'SELECT 1' }).outcome).toBe('rejected');
    expect(lose({ queued: false, transactionStatus: 'T' }).outcome).toBe('unknown');
  });

  it('says what broke, and how far the statement had come', () => {
    const told = (transactionStatus: string, queued: boolean): string =>
      lose({ queued, transactionStatus, text: 'SELECT 1' }).message;
    expect([told('I', true), told('T', false), told('I', false)]).toEqual([
      'the link to a:1 broke before the statement was sent (read ECONNRESET)',
      'the link to a:1 broke in a transaction, before COMMIT was sent: nothing of it was applied (read ECONNRESET)',
      'the link to a:1 broke with a statement in flight, which may or may not have been applied (read ECONNRESET)',
    ]);
    expect(lose({ queued: false, transactionStatus: 'I', text: 'SELECT 1' }).code).toBe('HA_CONNECTION_LOST');
  });

  it('keeps the reason when it was we who cut it', () => {
    const ours = new HaError('HA_INTERRUPTED', 'b:1 is the primary now', { outcome: 'unknown' });
    expect(
      lostStatement(ours, { member: 'a:1', queued: false, transactionStatus: 'I', text: 'INSERT' }).code,
    ).toBe('HA_INTERRUPTED');
  });
});

describe('an error of ours', () => {
  it.each([
    ['HA_AUTH', false],
    ['HA_CONFIG', false],
    ['HA_ROLLED_BACK', false],
    ['HA_CONNECTION_LOST', true],
  ] as const)('%s speaks of the server: %s', (code, byRole) => {
    expect(isByRole(new HaError(code, 'x', { outcome: 'notSent' }))).toBe(byRole);
  });

  it('keeps the outcome that it has', () => {
    const ours = new HaError('HA_NOT_DURABLE', 'x', { outcome: 'rejected' });
    expect(classifyWorkError(ours, 'COMMIT').outcome).toBe('rejected');
    const error = Object.assign(serverError('57P01', 'FATAL'), { outcome: 'notSent' });
    expect(classifyWorkError(error, 'COMMIT').outcome).toBe('notSent');
    const wrapped = new Error('a library’s own', { cause: ours });
    expect(outcomeOf(classifyWorkError(wrapped, 'COMMIT'))).toBe('rejected');
  });
});

describe('a dial that fails', () => {
  const who = { user: 'app', database: 'inbox', trust: 'PGSSLROOTCERT /etc/ca.pem' };
  const dial = (error: Error): HaError => dialError(error, { host: 'db', port: 5432 }, who);

  it('was never sent, whatever happened', () => {
    for (const error of [new Error('ECONNREFUSED'), serverError('57P03'), serverError('53300')]) {
      expect(dial(error)).toMatchObject({ code: 'HA_DIAL_FAILED', outcome: 'notSent', member: 'db:5432' });
    }
    expect(dial(new Error('timed out')).message).toBe('could not connect to db:5432: timed out');
  });

  it('was never sent by a pool that has been ended', () => {
    expect(poolEnded()).toMatchObject({ code: 'HA_CLOSED', outcome: 'notSent' });
    expect(dial(poolEnded()).code).toBe('HA_CLOSED');
  });

  it('for its credentials says whose, and stops the search', () => {
    const error = dial(serverError('28P01'));
    expect(['28000', '28P01', '3D000'].map((code) => dial(serverError(code)).code)).toEqual(
      Array.from({ length: 3 }, () => 'HA_AUTH'),
    );
    expect(dial(error)).toBe(error);
    expect(error.message).toContain("refuses user 'app' for database 'inbox'");
  });

  it.each(['string', 'non-empty string'])('for want of a password says so: pg asks for a %s', (what) => {
    const error = dial(new Error(`SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a ${what}`));
    expect(error).toMatchObject({ code: 'HA_AUTH', outcome: 'notSent' });
    expect(error.message).toContain("db:5432 wants a password of user 'app', and none is given");
  });

  it('for a certificate names the setting that vouches for certificates', () => {
    const error = dial(
      Object.assign(new Error('self-signed certificate in certificate chain'), {
        code: 'SELF_SIGNED_CERT_IN_CHAIN',
      }),
    );
    expect(error.code).toBe('HA_CONFIG');
    expect(error.message).toContain('PGSSLROOTCERT /etc/ca.pem');
  });
});
