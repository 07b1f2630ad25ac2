import { inspect } from 'node:util';
import type { Redis } from 'ioredis';

/**
 * Keeps secrets out of what is printed. ioredis keeps them in plain fields, and libraries copy those, so the fields stay:
 * only how the client and its options look to `util.inspect`, `console.log` and JSON is another matter.
 * @param view what is shown of the client instead, beside its status
 */
export function concealSecrets(redis: Redis, view: () => object): void {
  const client = (): object => ({ status: redis.status, ...view() });
  showAs(redis, client, (shown) => `${redis.constructor.name} ${inspect(shown)}`);
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
