import { Deadline, emptyTopology, HaError, seededRandom, type Seat } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../pool/lease.ts';
import { Chooser } from './chooser.ts';
import type { ReadWatch } from './read-watch.ts';

const clock = new ManualClock();
const request = { deadline: Deadline.after(clock, 500) } as LeaseRequest;
const refusal = new HaError('HA_AUTH', 'password authentication failed', { outcome: 'notSent' });
const away = new HaError('HA_DIAL_FAILED', 'nobody is there', { outcome: 'notSent' });

/** Reads go through a route to the primary alone, which nobody has found. */
function chooser(trouble: unknown, generation = 0): Chooser {
  const topology = { ...emptyTopology('route', [{ host: 'route', port: 1 }], 0), generation };
  return new Chooser({
    monitor: { topology, trouble } as Seat,
    watch: { members: () => [], complete: false, closed: undefined } as unknown as ReadWatch,
    clock,
    random: seededRandom(1),
    wish: { prefer: 'prefer-standby', maxLagBytes: 1, order: 'random' },
    readOnlyPrimary: false,
    vouched: true,
    asItIs: false,
    rereadsPassword: true,
    load: () => 0,
  });
}

describe('where no standby can be reached by itself, and no primary was found', () => {
  it('a read ends with the refusal that waiting would only hide', () => {
    expect(chooser(refusal).choose(request, new Set(), false)).toEqual({ at: 'fail', error: refusal });
  });

  it('a read waits after everything else, and once there was a primary', () => {
    expect(chooser(away).choose(request, new Set(), false)).toEqual({ at: 'wait' });
    expect(chooser(undefined).choose(request, new Set(), false)).toEqual({ at: 'wait' });
    expect(chooser(refusal, 1).choose(request, new Set(), false)).toEqual({ at: 'wait' });
  });

  it('a read that found nobody in time says why there is no primary', () => {
    expect(chooser(away).nobody(request)).toMatchObject({
      code: 'HA_NO_REPLICA',
      message: expect.stringContaining('within 500 ms: no primary (route:1 unknown; last error: ') as unknown,
    });
    expect(chooser(away).nobody(request).message).toContain('nobody is there');
  });
});
