import { describe, expect, it } from 'vitest';
import { applyObservation } from './apply-observation.ts';
import { leadershipEvent, type LeadershipEvent } from './leadership-event.ts';
import type { Observation } from './observation.ts';
import { emptyTopology, type Topology } from './topology.ts';

const A = { host: 'a', port: 1 };
const B = { host: 'b', port: 1 };

type Step = Observation & { at: number };
const primary = (endpoint: typeof A, epoch: number, at: number): Step => ({
  kind: 'self',
  role: 'primary',
  endpoint,
  epoch,
  at,
});
const replica = (endpoint: typeof A, at: number): Step => ({ kind: 'self', role: 'replica', endpoint, at });
const gone = (endpoint: typeof A, at: number): Step => ({
  kind: 'unreachable',
  endpoint,
  reason: 'refused',
  at,
});

/** Applies the steps, each 10 ms after it was asked, and returns what the last one meant. */
function lastOf(steps: readonly Step[]): LeadershipEvent | undefined {
  let topology: Topology = emptyTopology('self', [A, B], 0);
  let event: LeadershipEvent | undefined;
  for (const step of steps) {
    const next = applyObservation(topology, step);
    event = leadershipEvent({ previous: topology, next, reason: 'probe' }, step.at + 10);
    topology = next;
  }
  return event;
}

const ROWS: [what: string, steps: Step[], means: object | undefined][] = [
  ['a standby at the start', [replica(B, 1)], undefined],
  ['the first primary', [primary(A, 1, 1)], { is: 'found', generation: 1 }],
  ['the primary seen again', [primary(A, 1, 1), primary(A, 1, 2)], undefined],
  [
    'a primary that is gone',
    [primary(A, 1, 1), gone(A, 100)],
    { is: 'primaryLost', previous: { endpoint: A }, reason: 'probe' },
  ],
  ['one that is gone still', [primary(A, 1, 1), gone(A, 100), gone(A, 200)], undefined],
  [
    'the same one, back',
    [primary(A, 1, 1), gone(A, 100), primary(A, 1, 300)],
    { is: 'primaryRecovered', generation: 1, downtimeMs: 210 },
  ],
  [
    'another after an outage',
    [primary(A, 1, 1), gone(A, 100), primary(B, 2, 600)],
    {
      is: 'failover',
      previous: { endpoint: A, epoch: 1 },
      next: { endpoint: B, epoch: 2 },
      generation: 2,
      downtimeMs: 510,
    },
  ],
  [
    'another before the old one was missed',
    [primary(A, 1, 1), primary(B, 2, 600)],
    { is: 'failover', downtimeMs: 0 },
  ],
  [
    'the same server under a new epoch',
    [primary(A, 1, 1), primary(A, 2, 600)],
    { is: 'failover', previous: { endpoint: A, epoch: 1 }, next: { endpoint: A, epoch: 2 } },
  ],
  ['a standby that is gone', [primary(A, 1, 1), replica(B, 2), gone(B, 3)], undefined],
];

describe('what a change of topology means', () => {
  it.each(ROWS)('%s', (_what, steps, means) => {
    expect({ event: lastOf(steps) }).toMatchObject({ event: means });
  });
});
