import fc, { type Arbitrary } from 'fast-check';
import { isHaError } from '@steadfast/shared';
import { anyText, anyValue, mutated } from '../mutate.ts';
import {
  classifyWorkError,
  endsTransaction,
  formatToken,
  parseToken,
  quoteChannel,
} from '../pg-internals.ts';
import { target, type Target } from '../target.ts';
import { assertRefusal, ensure } from './promises.ts';

/** Comments of all kinds, and what else may stand before a verb. */
const { gap }: { gap: Arbitrary<string> } = fc.letrec<{ gap: string; comment: string }>((tie) => ({
  comment: fc
    .tuple(
      fc.constantFrom('', ' a ', ' ; ', " ' ", ' commit ', ' -- '),
      fc.oneof({ maxDepth: 4 }, fc.constant(''), tie('comment')),
    )
    .map(([text, inner]) => `/*${text}${inner}${text}*/`),
  gap: fc
    .array(fc.oneof(fc.constantFrom(' ', '\n', '\t', '-- x\n', '-- /* x\n', '--\n'), tie('comment')), {
      maxLength: 3,
    })
    .map((parts) => parts.join(' ')),
}));

const harmless = fc.constantFrom(
  'SELECT 1',
  "SELECT 'a'",
  'SET x = 1',
  'UPDATE t SET a = 1',
  'SAVEPOINT s',
  '',
);
const ending = fc.constantFrom(
  'COMMIT',
  'commit',
  'END',
  'ROLLBACK',
  'Abort',
  "PREPARE TRANSACTION 'x'",
  'commit and chain',
);
const partial = fc.constantFrom(
  'CALL p()',
  'DO $$ $$',
  'VACUUM t',
  'REINDEX TABLE t',
  'CREATE INDEX CONCURRENTLY i ON t (a)',
);

/** Statements with comments around them, one of which is `verb`. */
function withVerb(verb: Arbitrary<string>): Arbitrary<string> {
  return fc
    .tuple(
      fc.array(fc.tuple(gap, harmless), { maxLength: 3 }),
      gap,
      verb,
      gap,
      fc.array(harmless, { maxLength: 2 }),
    )
    .map(([before, around, found, after, rest]) => {
      const statements = [
        ...before.map(([space, text]) => `${space}${text}`),
        `${around} ${found} ${after}`,
        ...rest,
      ];
      return statements.join(';');
    });
}

function assertOpenOnceGone(text: string): void {
  const gone = Object.assign(new Error('gone'), { code: '57P01', severity: 'FATAL' });
  ensure(
    classifyWorkError(gone, text).outcome === 'unknown',
    `whether it was committed is not known: ${text}`,
  );
}

function assertSeen([text, sqlstate]: [string, string]): void {
  ensure(endsTransaction(text), `it ends a transaction: ${text}`);
  assertOpenOnceGone(text);
  const error = Object.assign(new Error('x'), { code: sqlstate, severity: 'ERROR' });
  ensure(['rejected', 'unknown'].includes(classifyWorkError(error, text).outcome), sqlstate);
}

function assertPartly(text: string): void {
  const error = Object.assign(new Error('x'), { code: '22012', severity: 'ERROR' });
  ensure(classifyWorkError(error, text).outcome === 'unknown', `a part may be there: ${text}`);
}

function assertToken(given: unknown): void {
  try {
    const position = parseToken(given);
    ensure(
      parseToken(formatToken(position)).lsn === position.lsn,
      `${String(given)} changes when it is written again`,
    );
  } catch (error) {
    assertRefusal(error);
  }
}

function assertChannel(given: unknown): void {
  try {
    const quoted = quoteChannel(given);
    ensure(/^"(?:[^"\0]|"")+"$/.test(quoted), `${quoted} is not one name`);
  } catch (error) {
    ensure(isHaError(error), 'a raw error');
    assertRefusal(error);
  }
}

const sqlstate = fc.stringMatching(/^[0-9A-Z]{5}$/);
const lsn = fc.tuple(fc.nat(), fc.maxSafeNat()).map(([timeline, at]) => formatToken({ timeline, lsn: at }));

export const sql: readonly Target[] = [
  target('SQL that ends a transaction', 8, fc.tuple(withVerb(ending), sqlstate), assertSeen),
  target('SQL that commits parts', 4, withVerb(partial), assertPartly),
  target('SQL of any kind', 4, mutated(fc.oneof(withVerb(ending), anyText)), (text) => {
    if (endsTransaction(text)) assertOpenOnceGone(text);
  }),
  target('reader tokens', 4, fc.oneof(mutated(lsn, 1), anyValue), assertToken),
  target('channel names', 2, fc.oneof(anyText, anyValue), assertChannel),
];
