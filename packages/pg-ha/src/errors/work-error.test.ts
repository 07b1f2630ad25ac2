import { describe, expect, it } from 'vitest';
import { HaError, type Outcome } from '@steadfast/shared';
import { dialError } from './dial-error.ts';
import { sqlstateMeaning, sqlstateOf } from './sqlstate.ts';
import { classifyWorkError, isByRole, lostStatement, endsTransaction } from './work-error.ts';

/** An error as pg-protocol makes it from an ErrorResponse. */
function serverError(code: string): Error {
  return Object.assign(new Error(`server says ${code}`), { code, severity: 'ERROR' });
}

const rows: [sqlstate: string, text: string, outcome: Outcome, byRole: boolean][] = [
  ['25006', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['57P01', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['57P02', 'INSERT INTO t VALUES (1)', 'rejected', true],
  ['57P01', 'COMMIT', 'unknown', true],
  ['22012', 'BEGIN; INSERT INTO t VALUES (1); COMMIT; SELECT 1/0', 'unknown', false],
  ['23505', 'INSERT INTO t VALUES (1); COMMIT;', 'rejected', false],
  ['57P01', "INSERT INTO proof VALUES ('x'); COMMIT", 'unknown', true],
  ['57P03', 'SELECT 1', 'notSent', true],
  ['53300', 'SELECT 1', 'notSent', true],
  ['57P01', 'CALL archive()', 'unknown', true],
  ['23505', 'CALL archive()', 'unknown', false],
  ['23505', '/* nightly */ DO $$ begin perform 1; commit; end $$', 'unknown', false],
  ['57P01', 'INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', 'rejected', true],
  ['08006', 'SELECT 1', 'unknown', true],
  ['08P01', 'SELECT 1', 'rejected', false],
  ['08007', 'COMMIT', 'unknown', true],
  ['40003', 'COMMIT', 'unknown', true],
  ['40001', 'UPDATE t SET a = 1', 'rejected', false],
  ['40P01', 'UPDATE t SET a = 1', 'rejected', false],
  ['23505', 'INSERT INTO t VALUES (1)', 'rejected', false],
  ['42P01', 'SELECT * FROM nowhere', 'rejected', false],
];

describe('a server’s error', () => {
  for (const [sqlstate, text, outcome, byRole] of rows) {
    it(`${sqlstate} on '${text}' means ${outcome}${byRole ? ', go elsewhere' : ''}`, () => {
      const error = serverError(sqlstate);
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

  it('stays the very object that pg gave', () => {
    const error = serverError('23505');
    expect(classifyWorkError(error, 'INSERT')).toBe(error);
  });

  it('is told from a socket’s error by its severity, not by its text', () => {
    expect(sqlstateOf(Object.assign(new Error('read ECONNRESET'), { code: 'EPIPE' }))).toBeUndefined();
    expect(classifyWorkError(new Error('anything'), 'SELECT 1').outcome).toBe('unknown');
  });

  it('is replayed with its whole transaction only where that is safe', () => {
    const replayed = ['40001', '40P01', '25006', '57P01'];
    expect(replayed.map((code) => sqlstateMeaning(code).replay)).toEqual([true, true, true, true]);
    expect(['23505', '40003', '08006'].map((code) => sqlstateMeaning(code).replay)).toEqual([
      false,
      false,
      false,
    ]);
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
    'SELECT 1; COMMIT',
    '/* all of it */ COMMIT',
    '-- all of it\nCOMMIT',
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

  it('keeps the reason when it was we who cut it', () => {
    const ours = new HaError('HA_INTERRUPTED', 'b:1 is the primary now', { outcome: 'unknown' });
    expect(
      lostStatement(ours, { member: 'a:1', queued: false, transactionStatus: 'I', text: 'INSERT' }).code,
    ).toBe('HA_INTERRUPTED');
  });
});

describe('a dial that fails', () => {
  const who = { user: 'app', database: 'inbox', trust: 'PGSSLROOTCERT /etc/ca.pem' };
  const dial = (error: Error): HaError => dialError(error, { host: 'db', port: 5432 }, who);

  it('was never sent, whatever happened', () => {
    for (const error of [new Error('ECONNREFUSED'), serverError('57P03'), serverError('53300')]) {
      expect(dial(error)).toMatchObject({ code: 'HA_DIAL_FAILED', outcome: 'notSent', member: 'db:5432' });
    }
  });

  it('for its credentials says whose, and stops the search', () => {
    const error = dial(serverError('28P01'));
    expect(error.code).toBe('HA_AUTH');
    expect(error.message).toContain("refuses user 'app' for database 'inbox'");
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
