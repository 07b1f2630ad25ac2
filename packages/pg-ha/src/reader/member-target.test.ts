import { describe, expect, it } from 'vitest';
import { applyObservation, emptyTopology, type Observation, type Seat } from '@steadfast/shared';
import type { Identity } from '../dial/identity.ts';
import { observeIdentity } from '../strategies/observe.ts';
import { memberTarget, type MemberTargetOptions } from './member-target.ts';

const ADDRESS = { host: 'db.example.test', port: 5432 };
const PRIMARY: Identity = { role: 'primary', timeline: 2, systemId: '7' };
const STANDBY: Identity = { role: 'replica', timeline: undefined, systemId: '7' };

function admitted(identity: Identity, options: Partial<MemberTargetOptions> = {}): string {
  let topology = emptyTopology('route', [ADDRESS], 0);
  topology = applyObservation(topology, observeIdentity(ADDRESS, PRIMARY, 100));
  const monitor = {
    report: (observation: Observation) => (topology = applyObservation(topology, observation)),
    get topology() {
      return topology;
    },
  } as unknown as Seat;
  const given = { observe: observeIdentity, primaryToo: true, standbyToo: true, suspect: () => undefined };
  const target = memberTarget({ endpoint: ADDRESS, monitor, ...given, ...options });
  try {
    return target.admit(ADDRESS, identity, 101).role;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

describe('whoever answers a dial for reads', () => {
  const rows: { who: string; identity: Identity; options: Partial<MemberTargetOptions>; is: string }[] = [
    { who: 'a member that is primary', identity: PRIMARY, options: {}, is: 'primary' },
    { who: 'a member that is a standby', identity: STANDBY, options: {}, is: 'replica' },
    {
      who: 'a primary among replicas',
      identity: PRIMARY,
      options: { primaryToo: false },
      is: 'HA_NO_REPLICA',
    },
    {
      who: 'a standby behind the address of the primary',
      identity: STANDBY,
      options: { standbyToo: false },
      is: 'HA_NOT_PRIMARY',
    },
    {
      who: 'a primary that has been replaced',
      identity: { ...PRIMARY, timeline: 1 },
      options: { observe: undefined },
      is: 'HA_STALE_PRIMARY',
    },
  ];

  it.each(rows)('$who: $is', ({ identity, options, is }) => {
    expect(admitted(identity, options)).toBe(is);
  });
});
