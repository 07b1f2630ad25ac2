import { describe, expect, it } from 'vitest';
import { seededRandom } from '../runtime/random.ts';
import { applyObservation } from './apply-observation.ts';
import type { Observation } from './observation.ts';
import { emptyTopology, primaryOf, type EpochRule } from './topology.ts';

const SEED = Number(process.env['SEED'] ?? 20261123);
const hosts = ['a', 'b', 'c'].map((host) => ({ host, port: 1 }));

/** A made-up cluster history: any order of any claims, as a confused control plane and slow answers would give. */
function anyObservation(random: { next(): number }, at: number): Observation {
  const endpoint = hosts[Math.floor(random.next() * hosts.length)] ?? { host: 'a', port: 1 };
  const epoch = Math.floor(random.next() * 6);
  const when = at - Math.floor(random.next() * 4);
  const kinds: Observation[] = [
    { kind: 'self', endpoint, role: 'primary', epoch, at: when },
    { kind: 'self', endpoint, role: 'replica', at: when },
    { kind: 'unreachable', endpoint, reason: 'gone', at: when },
    { kind: 'nomination', endpoint, epoch, source: 'test', at: when },
  ];
  return kinds[Math.floor(random.next() * kinds.length)] as Observation;
}

describe(`whatever is claimed in whatever order (seed ${SEED})`, () => {
  for (const rule of ['self', 'route', 'nominated'] as const satisfies readonly EpochRule[]) {
    it(`under rule ${rule} the epoch followed and the generation never go back`, () => {
      const random = seededRandom(SEED);
      for (let history = 0; history < 2_000; history++) {
        let topology = emptyTopology(rule, hosts, 0);
        let epoch = -1;
        for (let at = 1; at <= 20; at++) {
          const next = applyObservation(topology, anyObservation(random, at));
          expect(next.generation).toBeGreaterThanOrEqual(topology.generation);
          expect(next.epoch ?? -1).toBeGreaterThanOrEqual(topology.epoch ?? -1);
          const primary = primaryOf(next);
          const followed = primary?.epoch ?? epoch;
          expect(followed).toBeGreaterThanOrEqual(epoch);
          epoch = followed;
          topology = next;
        }
      }
    });
  }
});
