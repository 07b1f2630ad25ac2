import type { LookupAddress } from 'node:dns';
import fc from 'fast-check';
import {
  DnsResolver,
  endpointKey,
  hostFilter,
  hostRules,
  parseEndpoint,
  socketLookup,
} from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { anyText, anyValue, mutated } from '../mutate.ts';
import { target, type Target } from '../target.ts';
import { assertEndpoint, ensure } from './promises.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6(), anyText);
const looks = fc.array(fc.oneof(fc.array(address, { maxLength: 6 }), fc.constant(null)), {
  minLength: 1,
  maxLength: 5,
});

/** Whatever name servers say, look after look: each look ends, moves are counted upwards, and only what is found is given. */
async function assertLooks(answers: readonly (readonly string[] | null)[]): Promise<void> {
  const left = [...answers];
  const find = (): Promise<readonly string[]> => {
    const answer = left.shift();
    return answer ? Promise.resolve(answer) : Promise.reject(new Error('SERVFAIL'));
  };
  const resolver = new DnsResolver({ hostname: 'db', find, clock: new ManualClock(), watchMs: 100 });
  let before = 0;
  for (const answer of answers) {
    const look = await resolver.look(10).catch(() => undefined);
    ensure((look !== undefined) === (answer !== null), 'a look that was answered is a look');
    if (look) ensure(look.moves >= before && look.moves <= before + 1, `${before} moves, then ${look.moves}`);
    before = look?.moves ?? before;
  }
  resolver.close();
}

/** As a socket asks: one answer, of the family that is wanted, or an error. */
async function assertLookup([found, family, all]: [string[] | null, number, boolean]): Promise<void> {
  const lookup = socketLookup(() => (found ? Promise.resolve(found) : Promise.reject(new Error('SERVFAIL'))));
  let calls = 0;
  const answer = await new Promise<string | LookupAddress[] | undefined>((resolve) =>
    lookup('db', { family, all }, (error, given) => {
      calls += 1;
      resolve(error ? undefined : given);
    }),
  );
  const given = typeof answer === 'string' ? [answer] : (answer ?? []).map((one) => one.address);
  ensure(calls === 1, `answered ${calls} times`);
  for (const one of given) ensure(found?.includes(one) === true, `${one} was not found`);
}

function assertRules(given: unknown): void {
  const rules = hostRules().read(given);
  if (!rules) return;
  const allows = hostFilter(rules);
  for (const rule of rules)
    if (!rule.startsWith('.') && !rule.includes('/')) ensure(allows(rule), `${rule} does not allow itself`);
  ensure(!allows(''), 'no host is allowed');
}

const rules = mutated(
  fc.constantFrom('db1,.internal.example.org,10.0.0.0/8', '::1/128,fe80::/10', 'a_b,1.2.3.4', '10.0.0.0/33'),
);

export const names: readonly Target[] = [
  target('DNS: answers, look after look', 3, looks, assertLooks),
  target(
    'DNS: answers to a socket',
    3,
    fc.tuple(fc.option(fc.array(address, { maxLength: 4 })), fc.constantFrom(0, 4, 6), fc.boolean()),
    assertLookup,
  ),
  target('allowed hosts', 3, fc.oneof(rules, rules, anyValue), assertRules),
  target(
    'addresses',
    4,
    mutated(fc.constantFrom('h', 'h:1', '[::1]:5432', '[fe80::1%eth0]:1', '1.2.3.4:65535')),
    (text) => {
      const endpoint = parseEndpoint(text, 5432);
      if (!endpoint) return;
      assertEndpoint(endpoint);
      ensure(
        endpointKey(parseEndpoint(endpointKey(endpoint), 1) ?? endpoint) === endpointKey(endpoint),
        'it reads otherwise',
      );
    },
  ),
];
