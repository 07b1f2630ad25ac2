import fc, { type Arbitrary } from 'fast-check';
import {
  asError,
  certificateRefusal,
  correctOutcome,
  describeError,
  isHaError,
  outcomeOf,
  withOutcome,
  type HasOutcome,
} from '@steadfast/shared';
import { anyText, anyValue, hostile } from '../mutate.ts';
import * as pg from '../pg-internals.ts';
import * as redis from '../redis-internals.ts';
import { target, type Target } from '../target.ts';
import { ensure } from './promises.ts';

const OUTCOMES: readonly unknown[] = ['notSent', 'rejected', 'unknown', 'committed'];

const code = fc.oneof(
  fc.constantFrom(
    '25006',
    '40001',
    '57P01',
    '57P03',
    '08006',
    '08P01',
    '28P01',
    'ECONNRESET',
    'CERT_HAS_EXPIRED',
    'EOPENBREAKER',
  ),
  fc.stringMatching(/^[0-9A-CPX-Z]{5}$/),
  anyValue,
);
const severity = fc.oneof(fc.constantFrom('ERROR', 'FATAL', 'PANIC', 'WARNING', 'ОШИБКА'), anyValue);

type Make = () => unknown;

const plain: Arbitrary<Make> = fc
  .record({ message: anyText, code, severity, outcome: anyValue }, { requiredKeys: ['message'] })
  .map((given) => () => Object.assign(new Error(given.message), given));

/** Errors as drivers, servers and libraries make them, wrapped in each other, in circles too. */
const errors: Arbitrary<Make> = fc
  .tuple(
    fc.array(
      fc.oneof(
        plain,
        plain,
        hostile,
        anyValue.map((value) => () => value),
      ),
      { minLength: 1, maxLength: 12 },
    ),
    fc.boolean(),
  )
  .map(
    ([makes, round]) =>
      () =>
        chained(makes, round),
  );

/** Each the cause of the one before, and the first the cause of the last where they go round. */
function chained(makes: readonly Make[], round: boolean): unknown {
  const links = makes.map((make) => make());
  for (const [index, link] of links.entries()) {
    const value = links[index + 1] ?? (round ? links[0] : undefined);
    try {
      Object.defineProperty(link, 'cause', { value, configurable: true });
    } catch {
      // It takes none: the chain ends here.
    }
  }
  return links[0];
}

const thrown = fc.oneof(
  errors,
  errors,
  hostile,
  anyValue.map((value) => () => value),
);

const WHO = { user: 'app', database: 'inbox', trust: 'PG_HA_CA' };
const AT = { host: 'h', port: 5432 };

/** Whatever was thrown: it is looked at without harm, and each answer is one of those there are. */
function assertJudged(make: Make): void {
  const thrown = make();
  ensure(typeof describeError(thrown) === 'string', 'no description');
  const error = asError(thrown);
  isHaError(thrown, 'HA_AUTH');
  for (const outcome of [outcomeOf(thrown), outcomeOf(error)])
    ensure(outcome === undefined || OUTCOMES.includes(outcome), String(outcome));
  certificateRefusal(thrown, 'h:1', 'PG_HA_CA');
  redis.tlsRefusal(thrown, 'h:1');
  assertPostgres(thrown, error);
}

function assertPostgres(thrown: unknown, error: Error): void {
  const sqlstate = pg.sqlstateOf(thrown);
  ensure(sqlstate === undefined || /^[0-9A-Z]{5}$/.test(sqlstate), String(sqlstate));
  const meaning = pg.meaningOf(thrown);
  ensure(meaning === undefined || OUTCOMES.includes(meaning.outcome), String(meaning?.outcome));
  pg.isByRole(thrown);
  pg.refusesLogin(thrown);
  pg.isFatal(error);
  pg.driverErrorOf(error);
  const dialled = pg.dialError(thrown, AT, WHO);
  ensure(isHaError(dialled), 'a dial ends with an error of ours');
  const lost = pg.lostStatement(error, {
    member: 'h:1',
    queued: false,
    transactionStatus: 'I',
    text: 'SELECT 1',
  });
  ensure(lost.outcome === 'unknown', lost.outcome);
}

/** An outcome that is written can be read, whatever it was written on, and the error stays the object it was. */
function assertMarked(make: Make): void {
  const error = asError(make());
  const before = own(error);
  const marked: HasOutcome = withOutcome(error, 'rejected');
  ensure(Object.is(marked, error), 'another object');
  ensure(outcomeOf(error) === (before ?? 'rejected'), `it reads ${String(outcomeOf(error))}`);
  correctOutcome(error, 'unknown');
  ensure(outcomeOf(error) === 'unknown', `corrected, it reads ${String(outcomeOf(error))}`);
  const again = pg.classifyWorkError(error, 'COMMIT');
  ensure(outcomeOf(again) === 'unknown', 'who was nearest knew best');
}

function own(error: Error): unknown {
  try {
    const { outcome } = error as { outcome?: unknown };
    return OUTCOMES.includes(outcome) ? outcome : undefined;
  } catch {
    return undefined;
  }
}

const reply = fc
  .tuple(
    fc.constantFrom(
      'READONLY',
      'LOADING',
      'MOVED',
      'NOSCRIPT',
      'ERR',
      'WRONGTYPE',
      'UNBLOCKED',
      'IOERR',
      'NOPERM',
      '',
    ),
    anyText,
  )
  .map(([prefix, text]) => new Error(`${prefix} ${text}`));
const command = fc.record({
  name: fc.oneof(
    fc.constantFrom('set', 'EVAL', 'fcall', 'migrate', 'blpop', 'auth', 'xread', 'constructor', '__proto__'),
    anyText,
  ),
  args: fc.array(fc.oneof(anyText, fc.integer(), fc.constant(Buffer.from('BLOCK'))), { maxLength: 6 }),
});

function assertReply([error, given]: [Error, { name: string; args: unknown[] }]): void {
  const driver = given as unknown as Parameters<typeof redis.classifyReply>[1];
  const { outcome } = redis.classifyReply(error, driver);
  ensure(outcome === 'rejected' || outcome === 'unknown', outcome);
  if (redis.saysReplica(error)) ensure(redis.isByRole(error), 'a replica is refused by role');
  const ms = redis.blockingMs(driver);
  ensure(ms === undefined || ms >= 0, `it blocks for ${ms}`);
  redis.shorten(driver, 5);
  if (redis.isSafeToRepeat(driver)) ensure(!/^(incr|append|lpush)/.test(given.name), given.name);
  redis.concealArguments(Object.assign(error, { command: given }));
}

export const errorTargets: readonly Target[] = [
  target('errors: whatever is thrown', 10, thrown, assertJudged),
  target('errors: outcomes on whatever is thrown', 5, thrown, assertMarked),
  target('Redis: error replies to any command', 6, fc.tuple(reply, command), assertReply),
];
