import { primaryOf, type Clock, type DialPacer, type Prober, type Resolver } from '@steadfast/shared';
import { REAL_PARTS, type Parts } from '../client/parts.ts';

/** A client that is wrong on purpose, and the rules by which that may be noticed. */
export interface Mutant {
  readonly breaks: string;
  readonly parts: Partial<Parts>;
  readonly caughtBy: readonly string[];
}

const unpaced: Pick<DialPacer, 'run'> = { run: (_generation, dial) => dial() };

function twice(prober: Prober): Prober {
  return {
    probe: (...question) => {
      void prober.probe(...question);
      return prober.probe(...question);
    },
    rest: () => prober.rest(),
    close: () => prober.close(),
  };
}

/** A control plane that nominates under an epoch of its own, and takes that back. */
function forgetful(clock: Clock): Resolver {
  const about = { endpoint: { host: 'a', port: 1 }, epoch: 1_000_000, source: 'forgetful' };
  return {
    name: 'forgetful',
    resolve: () => {
      const at = clock.now();
      return Promise.resolve([
        { kind: 'nomination', ...about, at },
        { kind: 'withdrawal', ...about, back: 0, at },
      ]);
    },
    close: () => undefined,
  };
}

/** Parts that break one promise each. A check that notices none of them proves nothing. */
export const MUTANTS: readonly Mutant[] = [
  {
    breaks: 'lets in whoever answers at the address of the primary, whatever it says of itself',
    parts: { admits: () => undefined },
    caughtBy: ['epoch'],
  },
  {
    breaks:
      'lets in a standby where a younger answer of another server says that its address leads to the primary',
    parts: {
      admits: (topology, self) => REAL_PARTS.admits(topology, { ...self, role: 'primary' }),
    },
    caughtBy: ['role'],
  },
  {
    breaks: 'picks the member that was primary before, and asks nobody',
    parts: {
      admits: () => undefined,
      pick: (topology) => {
        const last = topology.leadership.at === 'searching' ? topology.leadership.last : undefined;
        const first = [...topology.members.values()].find(({ role }) => role !== 'replica');
        const member = last ?? primaryOf(topology) ?? first;
        const { generation } = topology;
        return member
          ? { at: 'member', member: { ...member, role: 'primary' }, generation }
          : { at: 'wait', why: 'nobody is known' };
      },
    },
    caughtBy: ['epoch'],
  },
  {
    breaks: 'takes back the epoch that it has followed, time and again',
    parts: {
      monitorOptions: (options) => ({
        ...options,
        resolvers: [...options.resolvers, forgetful(options.clock)],
      }),
    },
    caughtBy: ['epoch'],
  },
  {
    breaks: 'repeats work whose outcome is unknown',
    parts: { decideRetry: (attempt) => REAL_PARTS.decideRetry({ ...attempt, idempotent: true }) },
    caughtBy: ['doubled'],
  },
  {
    breaks: 'says that a lost statement was never sent',
    parts: { lostOutcome: 'notSent' },
    caughtBy: ['outcome', 'doubled'],
  },
  {
    breaks: 'takes a lost COMMIT for lost',
    parts: { resolves: 'as lost' },
    caughtBy: ['doubled', 'outcome'],
  },
  { breaks: 'never resolves a lost COMMIT', parts: { resolves: 'in vain' }, caughtBy: ['unresolved'] },
  { breaks: 'takes a lost COMMIT for committed', parts: { resolves: 'as committed' }, caughtBy: ['lost'] },
  {
    breaks: 'does not heed a sign that speaks against the primary',
    parts: { suspect: () => undefined },
    caughtBy: ['follow'],
  },
  {
    breaks: 'looks once a minute while nothing speaks against the primary',
    parts: { monitorOptions: (options) => ({ ...options, refreshMs: 60_000 }) },
    caughtBy: ['follow'],
  },
  {
    breaks: 'pauses for two seconds between two looks of a search',
    parts: { monitorOptions: (options) => ({ ...options, searchMinMs: 2_000, searchMaxMs: 2_000 }) },
    caughtBy: ['follow'],
  },
  {
    breaks: 'finds the primary, and sends nobody there',
    parts: { pick: () => ({ at: 'wait', why: 'nobody is good enough' }) },
    caughtBy: ['liveness'],
  },
  {
    breaks: 'tells a caller without a deadline nothing',
    parts: { tells: ({ deadlineMs }) => deadlineMs !== undefined },
    caughtBy: ['stuck'],
  },
  {
    breaks: 'puts every question twice at once',
    parts: {
      monitorOptions: (options) => ({ ...options, prober: twice(options.prober) }),
    },
    caughtBy: ['questions'],
  },
  { breaks: 'lets calls end a while after their deadline', parts: { lateMs: 200 }, caughtBy: ['deadline'] },
  { breaks: 'lets any number of calls wait', parts: { maxWaiting: () => 1_000_000 }, caughtBy: ['queue'] },
  { breaks: 'dials as soon as anybody wants it to', parts: { pacer: () => unpaced }, caughtBy: ['dials'] },
  {
    breaks: 'looks ten times as often as it should while all is well',
    parts: { monitorOptions: (options) => ({ ...options, refreshMs: options.refreshMs / 10 }) },
    caughtBy: ['rest'],
  },
  { breaks: 'leaves a timer behind when it is closed', parts: { tidy: false }, caughtBy: ['timers'] },
];
