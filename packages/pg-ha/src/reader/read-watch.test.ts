import { applyObservation, emptyTopology, seededRandom, type Endpoint, type Seat } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import { describe, expect, it } from 'vitest';
import type { ProbeLines } from '../discovery/probe-lines.ts';
import { observeIdentity } from '../strategies/observe.ts';
import { ReadWatch } from './read-watch.ts';
import type { Standing } from './standing.ts';

const OLD: Endpoint = { host: 'old', port: 1 };
const NEW: Endpoint = { host: 'new', port: 1 };
const STANDBY: Endpoint = { host: 'standby', port: 1 };

/** Of a standby that may not say what it is sent. */
function standing(position: number, received: number): Standing {
  const timelines = { timeline: undefined, receivedTimeline: undefined, replayedTimeline: 1 };
  return {
    role: 'replica',
    position,
    received,
    receives: true,
    ...timelines,
    systemId: 's',
    readOnly: false,
  };
}

interface Setup {
  clock: ManualClock;
  watch: ReadWatch;
  lead: (endpoint: Endpoint, epoch: number) => void;
}

function setup(ask: (endpoint: Endpoint) => Promise<unknown>): Setup {
  const clock = new ManualClock(1_000);
  let topology = emptyTopology('self', [OLD, NEW, STANDBY], 0);
  const lead = (endpoint: Endpoint, epoch: number): void => {
    const at = clock.now();
    topology = applyObservation(topology, { kind: 'self', endpoint, role: 'primary', epoch, at });
  };
  const monitor = {
    get topology() {
      return topology;
    },
    onChange: () => undefined,
    start: () => undefined,
    report: () => undefined,
  } as unknown as Seat;
  const watch = new ReadWatch({
    monitor,
    clock,
    random: seededRandom(1),
    rereadsPassword: false,
    lines: { ask, rest: () => undefined } as unknown as ProbeLines,
    who: { user: 'u', database: 'd', trust: 't' },
    replicas: undefined,
    observe: observeIdentity,
    refreshMs: 1_000,
    hurriedMaxMs: 100,
    probeTimeoutMs: 10_000,
    maxWaiting: 10,
  });
  return { clock, watch, lead };
}

describe('a standby that was asked before a failover and answers after it', () => {
  it('is not known to follow the new primary by what it replays of the old one', async () => {
    const answers: ((standing: Standing) => void)[] = [];
    const { clock, watch, lead } = setup(
      ({ host }) =>
        new Promise((resolve) => {
          if (host === STANDBY.host) answers.push(resolve);
        }),
    );
    lead(OLD, 1);
    watch.use();
    lead(NEW, 2);
    answers.shift()?.(standing(90, 100)); // the old primary sends it 20 more, and dies
    await clock.advance(2_000);
    answers.shift()?.(standing(120, 120));
    await clock.advance(2_000);
    expect(watch.isFollowing({ endpoint: STANDBY, state: watch.stateOf(STANDBY) })).toBe(false);
    answers.shift()?.(standing(121, 121));
    await clock.advance(2_000);
    expect(watch.isFollowing({ endpoint: STANDBY, state: watch.stateOf(STANDBY) })).toBe(true);
  });
});

describe('the looking', () => {
  const answering = async (keepUp: boolean, used = true): Promise<boolean> => {
    const { clock, watch } = setup(() => Promise.resolve(standing(1, 1)));
    if (used) watch.use();
    for (let n = 0; n < 10; n++) {
      await clock.advance(10_000);
      if (keepUp) watch.keepUp();
    }
    return watch.stateOf(STANDBY).at === 'answering';
  };

  it('goes on for whoever asks how the servers fare, and no read need come', async () => {
    expect(await answering(true)).toBe(true);
  });
  it('ends half a minute after the last read where nobody asks', async () => {
    expect(await answering(false)).toBe(false);
  });
  it('is begun by reads alone', async () => {
    expect(await answering(true, false)).toBe(false);
  });
});
