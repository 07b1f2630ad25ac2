import fc, { type Arbitrary } from 'fast-check';

/** One change of a text, by places that are shares of its length. */
type Edit =
  | { readonly is: 'flip'; readonly at: number; readonly bit: number }
  | { readonly is: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly is: 'cut'; readonly at: number; readonly share: number }
  | { readonly is: 'repeat'; readonly at: number; readonly share: number; readonly times: number };

/** What formats hinge on. */
const MARKS = [
  ...[
    '\0',
    '\r\n',
    '\n',
    ' ',
    ',',
    ';',
    ':',
    '/',
    '@',
    '?',
    '#',
    '%',
    '%zz',
    '%00',
    '\\',
    "'",
    '"',
    '$',
    '=',
  ],
  ...['[', ']', '{', '}', '(', ')', '-', '+', '*', '--', '/*', '*/', '..', '::', '∞', '\u{1F418}', '\uFEFF'],
  ...['-1', '0', '65536', '1e309', 'NaN', '9007199254740993', 'null', 'true', '__proto__', 'constructor'],
];

const place = fc.double({ min: 0, max: 1, noNaN: true });
const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...MARKS).map((mark) => Buffer.from(mark)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 8 }) },
);
const edit: Arbitrary<Edit> = fc.oneof(
  fc.record({ is: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ is: fc.constant('insert' as const), at: place, bytes }),
  fc.record({ is: fc.constant('cut' as const), at: place, share: place.map((share) => share * share) }),
  fc.record({
    is: fc.constant('repeat' as const),
    at: place,
    share: place.map((share) => share * share * 0.3),
    times: fc.integer({ min: 2, max: 5 }),
  }),
);

function apply(given: Buffer, change: Edit): Buffer {
  const at = Math.floor(change.at * given.length);
  switch (change.is) {
    case 'flip': {
      const flipped = Buffer.from(given);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << change.bit);
      return flipped;
    }
    case 'insert':
      return Buffer.concat([given.subarray(0, at), change.bytes, given.subarray(at)]);
    case 'cut':
      return Buffer.concat([
        given.subarray(0, at),
        given.subarray(at + Math.ceil(change.share * given.length)),
      ]);
    case 'repeat': {
      const part = given.subarray(at, at + Math.ceil(change.share * given.length));
      const copies = Array.from({ length: change.times }, () => part);
      return Buffer.concat([given.subarray(0, at), ...copies, given.subarray(at)]);
    }
  }
}

/** What `source` gives, with up to `most` changes to its bytes; often with none. */
export function mutatedBytes(source: Arbitrary<string>, most = 4): Arbitrary<Buffer> {
  return fc
    .tuple(source, fc.array(edit, { maxLength: most }))
    .map(([text, edits]) => edits.reduce(apply, Buffer.from(text)));
}

/** As {@link mutatedBytes}, read as UTF-8. */
export function mutated(source: Arbitrary<string>, most = 4): Arbitrary<string> {
  return mutatedBytes(source, most).map((changed) => changed.toString('utf8'));
}

/** Any text, short; also the marks that formats hinge on, in any order. */
export const anyText: Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  fc.array(fc.constantFrom(...MARKS, 'a', '1', 'host'), { maxLength: 12 }).map((parts) => parts.join('')),
);

class Odd {
  readonly itself: Odd = this;
}

function throwing(): never {
  throw new Error('looked at');
}

/** Any value of the language, the rude ones too. */
export const anyValue: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: anyText },
  {
    weight: 3,
    arbitrary: fc.anything({ maxDepth: 2, withBigInt: true, withDate: true, withNullPrototype: true }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(0, -1, 1, 5432, 65_536, Infinity, Number.NaN, true, false, null),
  },
  { weight: 1, arbitrary: fc.bigInt() },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<() => unknown>(
        () => Symbol('odd'),
        () => new Odd(),
        () => throwing,
        () => Buffer.from('text'),
        () => new Map([['host', 'h']]),
        () => ({ toString: throwing, toJSON: throwing }),
        () => ({ toString: undefined }),
        () => [[[[]]]],
        () => new URL('http://user:pass@h/'),
      )
      .map((make) => make()),
  },
);

/** Makes a value that answers whoever looks at it by throwing, or not at all: fast-check, too, looks at values. */
export const hostile: Arbitrary<() => unknown> = fc.constantFrom<() => unknown>(
  () => new Proxy(new Error('inside'), { get: throwing }),
  () => new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
  () => new Proxy(new Error('inside'), { has: throwing, getPrototypeOf: throwing }),
  () => new Proxy(new Error('inside'), { defineProperty: throwing, set: throwing }),
  () => {
    const { proxy, revoke } = Proxy.revocable(new Error('gone'), {});
    revoke();
    return proxy;
  },
  () => Object.defineProperty(new Error('x'), 'message', { get: throwing }),
  () => Object.defineProperty(new Error('x'), 'cause', { get: throwing }),
  () => Object.defineProperty(new Error('x'), 'code', { get: throwing }),
  () => Object.defineProperty(new Error('x'), 'outcome', { get: throwing }),
  () => Object.freeze(Object.assign(new Error('frozen'), { code: '40001', severity: 'ERROR' })),
  () => Object.seal(new Error('sealed')),
  () => Object.defineProperty(new Error('x'), 'outcome', { value: 'none', writable: false }),
  () => Object.create(null) as unknown,
  () => Object.assign(new Error('x'), { message: Symbol('no text') }),
  () => Object.assign(new Error('x'), { message: undefined, code: 'ECONNRESET' }),
  () => new AggregateError([new AggregateError([], ''), null, Symbol('one')], ''),
);
