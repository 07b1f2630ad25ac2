import { inspect } from 'node:util';
import { endpointKey } from '@steadfast/shared';
import type { Redis } from 'ioredis';
import type { RedisHealth } from '../group/health.ts';

/**
 * Keeps secrets out of what is printed. ioredis keeps them in plain fields, and libraries copy those, so the fields stay:
 * only how the client and its options look to `util.inspect`, `console.log` and JSON is another matter.
 */
export function concealSecrets(redis: Redis, health: () => RedisHealth): void {
  const client = (): object => {
    const { state, primary } = health();
    return { status: redis.status, state, primary: primary ? endpointKey(primary) : 'none' };
  };
  showAs(redis, client, (shown) => `HaRedis ${inspect(shown)}`);
  showAs(redis.options, () => withoutSecrets(redis.options));
}

function showAs(
  target: object,
  view: () => object,
  print: (shown: object) => unknown = (shown) => shown,
): void {
  Object.defineProperty(target, inspect.custom, { value: () => print(view()), configurable: true });
  Object.defineProperty(target, 'toJSON', { value: view, configurable: true });
}

const HIDDEN = '(hidden)';
const SECRETS: ReadonlySet<string> = new Set([
  'password',
  'sentinelPassword',
  'key',
  'passphrase',
  'pfx',
  'url',
]);

function withoutSecrets(options: object): object {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]: [string, unknown]) => {
      if (SECRETS.has(name) && value !== null && value !== undefined) return [name, HIDDEN];
      return [
        name,
        name === 'tls' || name === 'sentinelTLS' ? withoutSecrets((value ?? {}) as object) : value,
      ];
    }),
  );
}

/** Commands whose arguments may be credentials. */
const TELLING: ReadonlySet<string> = new Set(['auth', 'hello', 'acl', 'config', 'migrate']);

/** ioredis writes a command and its arguments on the error that answers it: of these the arguments go. */
export function concealArguments(error: Error): void {
  const { command } = error as { command?: { name: string; args: unknown[] } };
  if (command && TELLING.has(command.name.toLowerCase())) command.args = command.args.map(() => HIDDEN);
}
