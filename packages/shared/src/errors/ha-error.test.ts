import { describe, expect, it } from 'vitest';
import { asError, describeError, HaError, isHaError } from './ha-error.ts';
import { correctOutcome, outcomeOf, withOutcome } from './outcome.ts';

describe('HaError', () => {
  it('carries code, outcome, cause and member', () => {
    const cause = new Error('socket');
    const error = new HaError('HA_DIAL_FAILED', 'could not connect', {
      outcome: 'notSent',
      cause,
      member: 'a:1',
    });
    expect(error).toMatchObject({
      name: 'HaError',
      code: 'HA_DIAL_FAILED',
      outcome: 'notSent',
      cause,
      member: 'a:1',
    });
  });

  it('is recognised across installed copies, by its brand and not its class', () => {
    const foreign = Object.assign(new Error('x'), {
      code: 'HA_CLOSED',
      [Symbol.for('steadfast.HaError')]: true,
    });
    expect(isHaError(foreign)).toBe(true);
    expect(isHaError(foreign, 'HA_CLOSED')).toBe(true);
    expect(isHaError(foreign, 'HA_AUTH')).toBe(false);
    expect(isHaError(new Error('x'))).toBe(false);
    expect(isHaError(undefined)).toBe(false);
  });
});

describe('withOutcome', () => {
  it('marks a driver’s error and keeps the object', () => {
    const error = new TypeError('x');
    expect(withOutcome(error, 'unknown')).toBe(error);
    expect(outcomeOf(error)).toBe('unknown');
  });

  it('leaves an outcome that is there', () => {
    expect(withOutcome(withOutcome(new Error('x'), 'notSent'), 'unknown').outcome).toBe('notSent');
  });
});

describe('outcomeOf', () => {
  it('finds the outcome of an error that a library has wrapped, the nearest first', () => {
    const inner = withOutcome(new Error('x'), 'unknown');
    expect(outcomeOf(new Error('a', { cause: new Error('b', { cause: inner }) }))).toBe('unknown');
    expect(outcomeOf(withOutcome(new Error('a', { cause: inner }), 'rejected'))).toBe('rejected');
  });

  it('says nothing of what nobody has classified, and ends where causes go round', () => {
    const round = new Error('a');
    round.cause = new Error('b', { cause: round });
    expect(outcomeOf(round)).toBeUndefined();
    expect(outcomeOf('text')).toBeUndefined();
  });
});

describe('describeError', () => {
  it('says something even for an AggregateError without a message', () => {
    expect(describeError(new AggregateError([new Error('refused 1'), new Error('refused 2')], ''))).toBe(
      'refused 1; refused 2',
    );
    expect(describeError(Object.assign(new Error('boom'), { code: 'EPIPE' }))).toBe('EPIPE boom');
    expect(describeError('text')).toBe('text');
  });
});

describe('whatever is thrown', () => {
  const throws = (): never => {
    throw new Error('looked at');
  };
  const revoked = (): unknown => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
    revoke();
    return proxy;
  };
  const rows: [what: string, make: () => unknown, said: string][] = [
    ['a Proxy that throws', () => new Proxy(new Error('x'), { get: throws }), 'a value that cannot be read'],
    ['a Proxy that is gone', revoked, 'a value that cannot be read'],
    ['an object without a prototype', () => Object.create(null), 'a value that cannot be read'],
    ['an Error without a message', () => Object.assign(new Error('x'), { message: undefined }), 'Error'],
    ['a text', () => 'text', 'text'],
    ['nothing', () => undefined, 'undefined'],
  ];
  it.each(rows)('%s is looked at without harm', (_what, make, said) => {
    const value = make();
    expect(describeError(value)).toBe(said);
    expect(asError(value)).toBeInstanceOf(Error);
    expect([isHaError(value), outcomeOf(value)]).toEqual([false, undefined]);
  });

  it('carries an outcome, also where it can be written on by nobody', () => {
    const frozen = Object.freeze(new Error('x'));
    expect(withOutcome(frozen, 'rejected')).toBe(frozen);
    expect(outcomeOf(new Error('a', { cause: frozen }))).toBe('rejected');
    expect(outcomeOf(withOutcome(frozen, 'notSent'))).toBe('rejected');
    expect(outcomeOf(correctOutcome(frozen, 'unknown'))).toBe('unknown');
  });
});
