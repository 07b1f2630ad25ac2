import fc from 'fast-check';
import { isHaError } from '@steadfast/shared';
import { anyText, anyValue } from '../mutate.ts';
import { onceFor, type OnceHost } from '../redis-internals.ts';
import { target, type Target } from '../target.ts';
import { assertRefusal, ensure } from './promises.ts';

const name = fc.oneof(
  fc.constantFrom('incr', 'SET', 'select', 'blpop', 'multi', 'eval', 'constructor'),
  anyValue,
);
const op = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, anyText, fc.oneof(anyText, fc.integer())) },
  { weight: 1, arbitrary: anyValue },
);
const work = fc.oneof(
  fc.array(op, { maxLength: 3 }),
  fc.record(
    { script: fc.oneof(fc.constant('return 1'), anyValue), keys: anyValue, args: anyValue },
    { requiredKeys: ['script'] },
  ),
);
const options = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record(
      { token: fc.oneof(fc.constant('t'), anyValue), ttlMs: anyValue },
      { requiredKeys: ['token'] },
    ),
  },
  { weight: 1, arbitrary: anyValue },
);

/** Work and options of any kind: sent as one script whose first key is the proof of this token, or refused before anything is. */
async function assertOnce([given, how]: [unknown, unknown]): Promise<void> {
  const sent: unknown[][] = [];
  const host: OnceHost = {
    keyPrefix: 'p:',
    failoverWaitMs: 1_000,
    defined: () => undefined,
    send: (command) => {
      sent.push([...command.args]);
      return Promise.reject(new Error('ERR no more'));
    },
  };
  try {
    await onceFor(host, given as never, how as never);
  } catch (error) {
    if (isHaError(error)) assertRefusal(error);
    else ensure(sent.length > 0, `refused by ${String(error)}`);
  }
  const { token } = (how ?? {}) as { token?: unknown };
  for (const [, , key] of sent)
    ensure(String(key) === `p:ha:once:${String(token)}`, `the proof is ${String(key)}`);
}

export const proofs: readonly Target[] = [
  target('once: work and tokens of any kind', 5, fc.tuple(work, options), assertOnce),
];
