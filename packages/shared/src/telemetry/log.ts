import { pino, type Logger } from 'pino';
import { wrongSetting } from '../config/read-options.ts';

/** What we need of a logger; any pino logger is one. */
export type HaLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** Levels of STEADFAST_LOG_LEVEL; silent by default, since a library does not talk unasked. */
export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;

/** Fields whose values never reach a log. */
const SECRETS = [
  'password',
  '*.password',
  'connectionString',
  '*.connectionString',
  'sentinelPassword',
  '*.sentinelPassword',
];

const METHODS = ['child', 'debug', 'info', 'warn', 'error'] as const;

/**
 * The option `logger`; null is not set.
 * @throws HaError HA_CONFIG where it is no pino logger: the first line would throw, wherever that is
 */
export function readLogger(given: unknown): Logger | undefined {
  if (given === undefined || given === null) return undefined;
  const methods = given as Readonly<Record<string, unknown>>;
  if (METHODS.every((name) => typeof methods[name] === 'function')) return given as Logger;
  throw wrongSetting('option logger', typeof given, 'a pino logger');
}

/** A child of the app's own pino logger, or a logger of ours at `level`; `bindings` stand on each of its lines. */
export function createLogger(
  name: string,
  level: (typeof LOG_LEVELS)[number],
  parent?: Logger,
  bindings: Readonly<Record<string, unknown>> = {},
): HaLogger {
  const named = { component: name, ...bindings };
  if (parent) return parent.child(named, { redact: SECRETS });
  return pino({ level, redact: SECRETS }).child(named);
}
