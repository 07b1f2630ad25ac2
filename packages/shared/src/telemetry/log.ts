import { pino, type Logger } from 'pino';

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

/** A child of the app's own pino logger, or a logger of ours at `level`; `bindings` stand on each of its lines. */
export function createLogger(
  name: string,
  level: (typeof LOG_LEVELS)[number],
  parent?: Logger,
  bindings: Readonly<Record<string, unknown>> = {},
): HaLogger {
  if (parent) return parent.child({ component: name, ...bindings }, { redact: SECRETS });
  return pino({ name, level, redact: SECRETS }).child(bindings);
}
