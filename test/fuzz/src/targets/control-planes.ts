import fc, { type Arbitrary } from 'fast-check';
import { isHaError, type Endpoint } from '@steadfast/shared';
import { anyText, anyValue, mutated, mutatedBytes } from '../mutate.ts';
import { parsePatroniCluster } from '../pg-internals.ts';
import {
  ErrorReply,
  identify,
  parseHello,
  parseSentinelEvent,
  readReplication,
  readView,
  RespReader,
  summarize,
  toObservations,
  type Reply,
} from '../redis-internals.ts';
import { target, type Target } from '../target.ts';
import { assertEndpoint, ensure } from './promises.ts';

/** An error that stays a line in a log. */
function assertLine(error: unknown): void {
  ensure(error instanceof Error && !(error instanceof TypeError), `thrown was ${String(error)}`);
  ensure((error as Error).message.length < 5_000, 'a message without an end');
}

const member = fc.record(
  {
    name: fc.oneof(fc.constant('pg1'), anyValue),
    host: fc.oneof(fc.constantFrom('10.0.0.1', 'pg1', '::1', 'fe80::1%eth0', 'a b', ''), anyValue),
    port: fc.oneof(fc.constantFrom(5432, 0, 65_536, -1, 5.5, '5432'), anyValue),
    role: fc.oneof(fc.constantFrom('leader', 'replica', 'master', 'standby_leader'), anyValue),
    api_url: fc.oneof(
      fc.constantFrom('http://10.0.0.1:8008/patroni', 'file:///etc/passwd', 'http://u:50%@h'),
      anyValue,
    ),
    timeline: anyValue,
  },
  { requiredKeys: [] },
);
const cluster: Arbitrary<string> = fc
  .oneof(
    fc.record({ members: fc.array(fc.oneof(member, anyValue), { maxLength: 5 }), scope: anyValue }),
    anyValue,
  )
  .map((given) => {
    try {
      return JSON.stringify(given) ?? '';
    } catch {
      return '{"members":[]}';
    }
  });

function assertCluster(body: string): void {
  try {
    const { members } = parsePatroniCluster(body);
    ensure(members.length <= 64, `${members.length} members`);
    for (const { endpoint } of members) assertEndpoint(endpoint);
  } catch (error) {
    assertLine(error);
  }
}

const word = fc.oneof(
  fc.constantFrom(
    'mymaster',
    '10.0.0.1',
    '6379',
    '0',
    '-1',
    '99999',
    '1e309',
    '9007199254740993',
    '1e300',
    '',
    'ip',
  ),
  anyText,
);
const leaf: Arbitrary<Reply> = fc.oneof(
  word,
  fc.integer(),
  fc.constant(null),
  fc
    .constantFrom(
      'NOAUTH x',
      'NOPERM',
      'ERR No such master with that name',
      'ERR unknown command',
      'IDONTKNOW',
      'NOQUORUM 1',
    )
    .map((text) => new ErrorReply(text)),
  anyText.map((text) => new ErrorReply(text)),
);
const reply: Arbitrary<Reply> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  { weight: 1, arbitrary: fc.array(leaf, { maxLength: 5 }) },
  { weight: 1, arbitrary: fc.array(fc.array(leaf, { maxLength: 5 }), { maxLength: 3 }) },
);
const fields = fc
  .dictionary(fc.constantFrom('ip', 'port', 'runid', 'config-epoch', 'num-slaves', 'flags'), word, {
    maxKeys: 6,
  })
  .map((given) => Object.entries(given).flat());
const answers: Arbitrary<Reply[]> = fc
  .tuple(
    fields,
    fc.tuple(word, word),
    fc.array(fields, { maxLength: 3 }),
    fc.array(fields, { maxLength: 3 }),
    reply,
  )
  .chain(
    (right) =>
      fc.tuple(
        ...right.map((one) => fc.oneof({ weight: 6, arbitrary: fc.constant(one) }, reply)),
      ) as Arbitrary<Reply[]>,
  );

/** Whatever sentinels answer: refused, or a view whose addresses can be dialled and whose epoch another can exceed. */
function assertView(given: readonly Reply[]): void {
  try {
    const view = readView(given, { sentinel: 's:1', master: 'mymaster', at: 1 });
    ensure(Number.isSafeInteger(view.epoch) && view.epoch >= 0, `epoch ${view.epoch}`);
    for (const one of [view.master, ...view.replicas, ...view.sentinels.map(({ endpoint }) => endpoint)])
      assertEndpoint(one);
    const summary = summarize([view, view], 3);
    ensure(Number.isSafeInteger(summary.replicas) && summary.replicas >= 0, `${summary.replicas} replicas`);
    for (const observation of toObservations([view, view]))
      ensure(observation.at === 1, 'it is of another time');
  } catch (error) {
    if (!isHaError(error)) assertLine(error);
  }
}

const frames: Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '+OK\r\n',
        '+PONG\r\n',
        '$-1\r\n',
        '*0\r\n',
        ':7\r\n',
        '-NOAUTH x\r\n',
        '$abc\r\n',
        '*x\r\n',
        ':x\r\n',
      ),
      fc.nat(300).map((length) => `$${length}\r\n${'x'.repeat(length)}\r\n`),
      fc.constantFrom(
        '*2\r\n$6\r\nmaster\r\n:1\r\n',
        '*1\r\n'.repeat(20),
        '*1000000000\r\n',
        '$99999999999999\r\n',
        '$-2\r\n',
        '$0.5\r\n',
      ),
      word.map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

function assertResp([bytes, cut]: [Buffer, number]): void {
  const reader = new RespReader();
  const replies: Reply[] = [];
  try {
    for (let at = 0; at < bytes.length; at += cut) replies.push(...reader.push(bytes.subarray(at, at + cut)));
  } catch (error) {
    assertLine(error);
  }
  ensure(replies.length <= bytes.length, 'more replies than bytes');
  for (const one of replies.flat(8))
    if (typeof one === 'number') ensure(Number.isFinite(one), 'a number that is none');
  assertView(replies);
  readReplication(bytes.toString('latin1'));
}

const steps = fc.oneof(
  fc.constantFrom(
    '+switch-master',
    '+selected-slave',
    '+new-epoch',
    '+vote-for-leader',
    '-failover-abort-x',
    '+odown',
    '-sdown',
    '+elected-leader',
  ),
  anyText,
);
const message = mutated(
  fc.constantFrom(
    'mymaster 10.0.0.1 6379 10.0.0.2 6379',
    'master mymaster 10.0.0.1 6379 #quorum 2/2',
    'slave 10.0.0.2:6379 10.0.0.2 6379 @ mymaster 10.0.0.1 6379',
    '7',
    'f00d 7',
    '10.0.0.9,26379,f00d,7,mymaster,10.0.0.1,6379,7',
  ),
);

function assertEvent([step, text]: [string, string]): void {
  const event = parseSentinelEvent(step, text, 'mymaster');
  const named: (Endpoint | undefined)[] = [];
  if (event?.is === 'selected') named.push(event.replica);
  if (event?.is === 'switched') named.push(event.to);
  if (event?.is === 'down' || event?.is === 'up') named.push(event.master);
  if (event?.is === 'epoch' || event?.is === 'vote') assertEpoch(event.epoch);
  const hello = parseHello(text, 'mymaster');
  if (hello) assertEpoch(hello.epoch);
  for (const endpoint of [...named, hello?.master]) if (endpoint) assertEndpoint(endpoint);
}

function assertEpoch(epoch: number): void {
  ensure(Number.isSafeInteger(epoch) && epoch >= 0, `epoch ${epoch}`);
}

/** A member that answers anything to the question who it is. */
async function assertIdentity([replies, roleOptional]: [Reply[], boolean]): Promise<void> {
  const connection = { endpoint: { host: 'h', port: 1 }, ask: () => Promise.resolve(replies) };
  const credentials = { username: undefined, password: 'x', setting: 'REDIS_PASSWORD' };
  try {
    const asked = connection as unknown as Parameters<typeof identify>[0];
    const { is } = await identify(asked, credentials, { timeoutMs: 1, roleOptional });
    ensure(['primary', 'replica', 'busy', 'notReady'].includes(is), is);
    const role: unknown = Array.isArray(replies[1]) ? replies[1][0] : undefined;
    ensure(is !== 'primary' || roleOptional || role === 'master', 'a primary that has not said so');
  } catch (error) {
    ensure(isHaError(error, 'HA_AUTH'), `thrown was ${String(error)}`);
  }
}

export const controlPlanes: readonly Target[] = [
  target('Patroni: GET /cluster', 12, mutated(cluster, 3), assertCluster),
  target('sentinels: answers', 8, answers, assertView),
  target('sentinels: notifications and hellos', 7, fc.tuple(steps, message), assertEvent),
  target('Redis: bytes', 8, fc.tuple(mutatedBytes(frames), fc.integer({ min: 1, max: 64 })), assertResp),
  target(
    'Redis: who a member says it is',
    3,
    fc.tuple(fc.array(reply, { maxLength: 4 }), fc.boolean()),
    assertIdentity,
  ),
];
