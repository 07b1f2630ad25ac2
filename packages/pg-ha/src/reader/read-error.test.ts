import { HaError, outcomeOf } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { blamesServer, explainRead } from './read-error.ts';

const server = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(code), { code, severity });

describe('a read that failed', () => {
  const rows: [what: string, error: Error, elsewhere: boolean][] = [
    ['cancelled for what had to be replayed', server('40001'), true],
    ['its server was shut down', server('57P01', 'FATAL'), true],
    ['its server is starting', server('57P03', 'FATAL'), true],
    ['a server that it asks was shut down', server('57P01'), false],
    ['its link broke', new HaError('HA_CONNECTION_LOST', 'x', { outcome: 'unknown' }), true],
    ['it was a write', server('25006'), false],
    ['it took too long', server('57014'), false],
    ['it is wrong', server('42601'), false],
    ['our credentials are', new HaError('HA_AUTH', 'x', { outcome: 'notSent' }), false],
  ];
  it.each(rows)('%s: another server is asked or not', (_what, error, elsewhere) => {
    expect(blamesServer(error)).toBe(elsewhere);
  });

  it('for being a write says so', () => {
    const error = explainRead(server('25006'));
    expect(error).toMatchObject({
      code: 'HA_READ_ONLY',
      message: expect.stringContaining('reads alone') as string,
    });
    expect(outcomeOf(error)).toBe('rejected');
  });
});
