import type { Target } from './target.ts';

const SECRET_NAME = /PASSWORD|SECRET|TOKEN|KEY|_CA$|CERT/i;
const FILE_NAME = /_FILE$/;
/** Where certificates and keys are may be said: an error about a file that is not there has to name it. */
const PEM_PATH = /^[\w./ -]+\.(?:pem|crt|cer|key)$/;
/** Shorter ones would blank out half of every sentence. */
const MIN_CHARACTERS = 4;

/** A URL without what must not be shown: user and password, and all parameters but harmless ones. */
export function redactUrl(url: string): string {
  const [address, query] = cut(url, '?');
  // Up to the last @: a password may hold one that should have been encoded.
  const shown = address.replace(/\/\/.*@/s, '//');
  const harmless = query.split('&').filter((each) => /^(strategy|sslmode)=/.test(each));
  const hidden = query !== '' && harmless.length < query.split('&').length ? ['…'] : [];
  const rest = [...harmless, ...hidden].join('&');
  return rest === '' ? shown : `${shown}?${rest}`;
}

function cut(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

/** Takes the secrets of targets out of whatever is printed or written. */
export class Redactor {
  readonly #secrets: readonly string[];

  constructor(targets: readonly Pick<Target, 'env'>[]) {
    const found = targets.flatMap(({ env }) => Object.entries(env).flatMap(secretsIn));
    this.#secrets = [...new Set(found)]
      .filter((secret) => secret.length >= MIN_CHARACTERS)
      .toSorted((a, b) => b.length - a.length);
  }

  clean(text: string): string {
    return this.#secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '***'), text);
  }
}

function secretsIn([name, value]: readonly [string, string]): string[] {
  if (FILE_NAME.test(name) || (/_CA$|CERT|KEY/i.test(name) && PEM_PATH.test(value))) return [];
  if (SECRET_NAME.test(name)) return [value];
  const userInfo = /\/\/(.*)@/s.exec(value.split('?', 1)[0] ?? '')?.[1];
  const [, password] = cut(userInfo ?? '', ':');
  const inQuery = [...value.matchAll(/[?&]\w*(?:password|secret|token)\w*=([^&]+)/gi)].map(
    ([, secret = '']) => secret,
  );
  return [password, ...inQuery].flatMap((secret) => [secret, decoded(secret)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const COMMAND = '--failover-command';

/** What was typed, without secrets: `--target` is shown as far as it is harmless, and of a command of the user's own nothing. */
export function redactArguments(argv: readonly string[]): string {
  return argv
    .map((each, at) => (argv[at - 1] === COMMAND ? '…' : each))
    .map((each) => (each.startsWith(`${COMMAND}=`) ? `${COMMAND}=…` : each))
    .map((each) => (each.includes('://') ? redactSpec(each) : each))
    .map((each) => (/[\s'"$&?;*]/.test(each) ? `'${each}'` : each))
    .join(' ');
}

function redactSpec(argument: string): string {
  const [before = ''] = argument.split('://', 1);
  return before + redactUrl(argument.slice(before.length));
}
