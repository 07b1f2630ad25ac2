import { pino, symbols, type Logger } from 'pino';
import { describe, expect, it } from 'vitest';
import { createLogger, readLogger } from './log.ts';

/** pino says what stands on every line as the end of a JSON text. */
const bindingsOf = (logger: unknown): string =>
  (logger as Record<symbol, string>)[symbols.chindingsSym] ?? '';

describe('a line of the log', () => {
  it('names its component, with a level of ours as with a logger of the app', () => {
    const lines: string[] = [];
    const app = pino({}, { write: (line: string) => void lines.push(line) });
    createLogger('pg-ha', 'info', app, { database: 'x' }).info('hello');
    expect(JSON.parse(lines.join(''))).toMatchObject({ component: 'pg-ha', database: 'x' });
    const bindings = bindingsOf(createLogger('pg-ha', 'info', undefined, { database: 'x' }));
    expect(bindings).toContain('"component":"pg-ha","database":"x"');
    expect(bindings).not.toContain('"name"');
  });
});

describe('the option logger', () => {
  it.each([
    ['true', true],
    ['a word', 'pino'],
    ['nothing like one', {}],
    ['the console', console],
  ])('is refused where it is %s', (_what, given) => {
    expect(() => readLogger(given)).toThrow(`option logger is '${typeof given}'; allowed: a pino logger`);
    expect(() => readLogger(given)).toThrow(expect.objectContaining({ code: 'HA_CONFIG' }));
  });

  it('is taken where it is one, or not there', () => {
    const logger: Logger = pino({ level: 'silent' });
    expect(readLogger(logger)).toBe(logger);
    expect([readLogger(undefined), readLogger(null)]).toEqual([undefined, undefined]);
  });
});
