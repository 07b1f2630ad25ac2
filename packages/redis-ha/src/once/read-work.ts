import { wrongSetting } from '@steadfast/shared';
import type { OnceOp, OnceScript } from './once.ts';

/**
 * Work and options as they were given, by programs without types too. What is in them is looked at where it is used.
 * @throws HaError HA_CONFIG
 */
export function readWork(work: unknown, options: unknown): asserts work is readonly OnceOp[] | OnceScript {
  if (typeof options !== 'object' || options === null)
    throw wrongSetting(
      'once: options',
      typeof options,
      'an object with the token that names this piece of work',
    );
  if (Array.isArray(work)) return work.forEach(readOp);
  if (typeof work !== 'object' || work === null)
    throw wrongSetting('once: the work', typeof work, 'a list of commands, or { script, keys, args }');
  const { script, keys = [], args = [] } = work as { script?: unknown; keys?: unknown; args?: unknown };
  if (typeof script !== 'string')
    throw wrongSetting('once: script', typeof script, 'a Lua text, or the name of a command');
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string' || Buffer.isBuffer(key)))
    throw wrongSetting('once: keys', typeof keys, 'a list of texts and Buffers');
  if (!Array.isArray(args) || !args.every(isValue)) throw wrongSetting('once: args', typeof args, VALUES);
}

const VALUES = 'a list of texts, numbers and Buffers';

function readOp(op: unknown): void {
  if (!Array.isArray(op) || typeof op[0] !== 'string')
    throw wrongSetting('once: a command', typeof op, "a list such as ['incr', 'key']");
  const good = op.slice(1).every((arg: unknown) => (Array.isArray(arg) ? arg.every(isValue) : isValue(arg)));
  if (!good) throw wrongSetting(`once: the arguments of ${op[0]}`, '(hidden)', VALUES);
}

/** What has one way to be written to a server. */
function isValue(arg: unknown): boolean {
  return arg === null || !['object', 'function', 'symbol'].includes(typeof arg) || arg instanceof Uint8Array;
}
