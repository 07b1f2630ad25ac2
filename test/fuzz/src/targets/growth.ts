import fc from 'fast-check';
import { hideUserinfo, hostRules, parseEndpoint, readCertificates } from '@steadfast/shared';
import { anyText } from '../mutate.ts';
import {
  classifyWorkError,
  endsTransaction,
  parsePatroniCluster,
  parseToken,
  readPoolOptions,
} from '../pg-internals.ts';
import {
  parseHello,
  parseSentinelEvent,
  readReplication,
  readSettings,
  RespReader,
} from '../redis-internals.ts';
import { target, type Target } from '../target.ts';
import { ensure } from './promises.ts';

/** Whoever reads a text, each by itself. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  endsTransaction,
  classifyWorkError: (text) =>
    classifyWorkError(Object.assign(new Error('x'), { code: '57P01', severity: 'FATAL' }), text),
  parsePatroniCluster,
  'Patroni, in a list': (text) => parsePatroniCluster(`{"members":[${text.slice(0, -1)}]}`),
  DATABASE_URL: (DATABASE_URL) => readPoolOptions({ env: { DATABASE_URL } }),
  'DATABASE_URL, its rest': (text) => readPoolOptions({ env: { DATABASE_URL: `postgres://${text}` } }),
  PG_HA_HOSTS: (PG_HA_HOSTS) => readPoolOptions({ env: { PG_HA_HOSTS, PG_HA_STRATEGY: 'hosts' } }),
  PG_HA_STRATEGY: (PG_HA_STRATEGY) => readPoolOptions({ env: { PG_HA_STRATEGY } }),
  REDIS_URL: (text) => readSettings({ env: { REDIS_URL: `redis://${text}` } }),
  REDIS_SENTINELS: (REDIS_SENTINELS) => readSettings({ env: { REDIS_SENTINELS } }),
  parseToken,
  hideUserinfo,
  hostRules: (text) => hostRules().read(text),
  parseEndpoint: (text) => parseEndpoint(text, 1),
  certificates: (text) => readCertificates('PG_HA_CA', `-----BEGIN CERTIFICATE-----${text}`),
  parseHello: (text) => parseHello(text, 'mymaster'),
  parseSentinelEvent: (text) => parseSentinelEvent('+switch-master', text, 'mymaster'),
  readReplication: (text) => readReplication(text),
  RESP: (text) => new RespReader().push(Buffer.from(text)),
};

const BITS = [
  ...[
    '/*',
    '*/',
    '--',
    ';',
    ' ',
    '\n',
    'commit',
    'prepare ',
    'end;',
    '://',
    '@',
    ':',
    'a',
    'A',
    ',',
    '.',
    '-',
    '[',
    '{"a":',
  ],
  ...[
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '*1\r\n',
    '$1\r\n',
    '+',
    '%',
    '?',
    '#',
    '/',
    'role:',
    '\r\n',
  ],
];
const SIZE = 100_000;
/** What is linear takes a few ms; what is quadratic, minutes. Processor time, so that a busy machine does not count. */
const MOST_MS = 1_500;

const pattern = fc.tuple(
  fc.constantFrom(...Object.keys(READERS)),
  fc.array(fc.oneof(fc.constantFrom(...BITS), anyText), { minLength: 1, maxLength: 3 }),
  fc.constantFrom('', '@', ';', '*/', '-'),
);

function assertLinear([name, parts, end]: [string, string[], string]): void {
  const unit = parts.join('') || 'a';
  const half = (one: string): string => one.repeat(Math.ceil(SIZE / 2 / one.length));
  const [first, last] = [parts[0] || unit, parts.at(-1) || unit];
  for (const text of [half(unit) + half(unit) + end, half(first) + half(last) + end]) {
    const before = process.threadCpuUsage();
    try {
      READERS[name]?.(text);
    } catch (error) {
      ensure(!(error instanceof RangeError), `${name} exhausts the stack`);
    }
    const { user, system } = process.threadCpuUsage(before);
    ensure(
      (user + system) / 1_000 < MOST_MS,
      `${name} takes ${Math.round((user + system) / 1_000)} ms for ${text.length} characters`,
    );
  }
}

export const growth: readonly Target[] = [
  target('long texts: time grows as they do', 0.3, pattern, assertLinear),
];
