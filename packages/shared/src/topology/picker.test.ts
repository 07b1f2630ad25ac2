import { describe, expect, it } from 'vitest';
import { seededRandom } from '../runtime/random.ts';
import { applyObservation } from './apply-observation.ts';
import {
  describeSearch,
  searchTrouble,
  pick,
  pickReader,
  type ReadCandidate,
  type ReadPreference,
} from './picker.ts';
import { emptyTopology } from './topology.ts';

const primary: ReadCandidate = member('p', 'primary', 0, Infinity);
const near = member('near', 'replica', 10, 100);
const far = member('far', 'replica', 5_000, 60_000);

function member(
  host: string,
  role: 'primary' | 'replica',
  bytes: number,
  ms: number,
  load = 0,
): ReadCandidate {
  return { endpoint: { host, port: 5432 }, role, lag: { bytes, ms }, load };
}

interface Row {
  name: string;
  candidates: ReadCandidate[];
  prefer: ReadPreference;
  maxLagBytes?: number;
  maxLagMs?: number;
  /** every host that is ever picked */
  picked: string[];
}

const rows: Row[] = [
  { name: 'any: everybody', candidates: [primary, near, far], prefer: 'any', picked: ['far', 'near', 'p'] },
  {
    name: 'any: a late replica is left out',
    candidates: [primary, near, far],
    prefer: 'any',
    maxLagBytes: 100,
    picked: ['near', 'p'],
  },
  {
    name: 'standby: replicas alone',
    candidates: [primary, near, far],
    prefer: 'standby',
    picked: ['far', 'near'],
  },
  {
    name: 'standby: late by bytes',
    candidates: [primary, near, far],
    prefer: 'standby',
    maxLagBytes: 10,
    picked: ['near'],
  },
  {
    name: 'standby: late by time',
    candidates: [primary, near, far],
    prefer: 'standby',
    maxLagMs: 100,
    picked: ['near'],
  },
  { name: 'standby: nobody but the primary', candidates: [primary], prefer: 'standby', picked: [] },
  {
    name: 'prefer-standby: a replica where one qualifies',
    candidates: [primary, near],
    prefer: 'prefer-standby',
    picked: ['near'],
  },
  {
    name: 'prefer-standby: the primary where all replicas are late',
    candidates: [primary, far],
    prefer: 'prefer-standby',
    maxLagMs: 1_000,
    picked: ['p'],
  },
  { name: 'prefer-standby: nobody is there', candidates: [], prefer: 'prefer-standby', picked: [] },
];

describe('who answers a read', () => {
  it.each(rows)('$name', ({ candidates, picked, ...bounds }) => {
    const random = seededRandom(7);
    const seen = new Set<string>();
    for (let n = 0; n < 200; n++) {
      const choice = pickReader(candidates, { ...bounds, order: 'random' }, random);
      if (choice) seen.add(choice.endpoint.host);
    }
    expect([...seen].sort()).toEqual(picked);
    const listed = pickReader(candidates, { ...bounds, order: 'listed' }, random);
    expect(listed?.endpoint.host).toBe(
      candidates.find(({ endpoint }) => picked.includes(endpoint.host))?.endpoint.host,
    );
  });

  it('is the less loaded of two', () => {
    const random = seededRandom(1);
    const idle = member('idle', 'replica', 0, 0, 1);
    const busy = member('busy', 'replica', 0, 0, 9);
    for (let n = 0; n < 50; n++)
      expect(pickReader([busy, idle], { prefer: 'standby', order: 'random' }, random)).toBe(idle);
  });

  it('is the first that was drawn where both are as loaded, and the second is never the first again', () => {
    const drawn = (...values: number[]): string | undefined => {
      const next = (): number => values.shift() ?? 0;
      const members = ['a', 'b', 'c'].map((host, index) => member(host, 'replica', 0, 0, index));
      return pickReader(members, { prefer: 'standby', order: 'random' }, { next })?.endpoint.host;
    };
    expect([drawn(0, 0), drawn(0.4, 0), drawn(0.4, 0.6), drawn(0.9, 0), drawn(0.9, 0.9)]).toEqual([
      'a',
      'b',
      'a',
      'a',
      'b',
    ]);
    const equal = ['a', 'b'].map((host) => member(host, 'replica', 0, 0));
    expect(
      pickReader(equal, { prefer: 'standby', order: 'random' }, { next: () => 0.9 })?.endpoint.host,
    ).toBe('b');
  });

  it('is never always the same of several that are equally loaded', () => {
    const random = seededRandom(3);
    const counts = new Map<string, number>();
    const members = ['a', 'b', 'c', 'd'].map((host) => member(host, 'replica', 0, 0));
    for (let n = 0; n < 4_000; n++) {
      const host = pickReader(members, { prefer: 'standby', order: 'random' }, random)?.endpoint.host ?? '';
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
    expect(counts.size).toBe(4);
  });
});

describe('who serves a write', () => {
  const a = { host: 'a', port: 5432 };
  const empty = emptyTopology('self', [a], 0);

  it('is the primary that is followed, with its generation', () => {
    const topology = applyObservation(empty, { kind: 'self', endpoint: a, role: 'primary', epoch: 1, at: 1 });
    expect(pick(topology)).toMatchObject({ at: 'member', member: { endpoint: a }, generation: 1 });
  });

  it('is nobody while none is, and what each member last said is told', () => {
    const gone = applyObservation(empty, { kind: 'unreachable', endpoint: a, reason: 'refused', at: 1 });
    expect(pick(empty)).toEqual({ at: 'wait', why: 'a:5432 unknown' });
    expect(pick(gone)).toEqual({ at: 'wait', why: 'a:5432 unknown (refused)' });
    expect(describeSearch(emptyTopology('self', [], 0))).toBe('no member is known');
    expect(searchTrouble(gone)).toBe('a:5432 unknown (refused)');
  });

  it('is no trouble before anybody was asked, nor once somebody leads', () => {
    expect(searchTrouble(empty)).toBeUndefined();
    const b = { host: 'b', port: 5432 };
    const gone = applyObservation(emptyTopology('self', [a, b], 0), {
      kind: 'unreachable',
      endpoint: b,
      reason: 'refused',
      at: 1,
    });
    expect(searchTrouble(gone)).toBe('a:5432 unknown, b:5432 unknown (refused)');
    const led = applyObservation(gone, { kind: 'self', endpoint: a, role: 'primary', epoch: 1, at: 1 });
    expect(searchTrouble(led)).toBeUndefined();
  });
});
