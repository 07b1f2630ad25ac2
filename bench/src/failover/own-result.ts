import { endsOf, outageIn, type ClientSpec, type judge, type Outage } from '@steadfast/campaign';
import type { Call } from '@steadfast/check';
import { UNSAID_FAULT, type FailoverResult } from '../result.ts';
import type { Target } from '../targets/target.ts';

/** A time without an acknowledged write that is shorter is no outage: the load has a write in this time many times over. */
const LEAST_OUTAGE_MS = 600;
const SHOWN_MS = 3_000;

export interface OwnRun {
  readonly calls: readonly Call[];
  readonly faultAt: number;
  readonly until: number;
}

/** What a failover cost a client where nobody watched the servers. `judged`: undefined where the data could not be read back. */
export function ownResult(
  target: Target,
  spec: ClientSpec,
  { calls, faultAt, until }: OwnRun,
  judged: Pick<ReturnType<typeof judge>, 'lost' | 'doubled'> | undefined,
): FailoverResult {
  const ends = Object.values(endsOf(calls));
  const total = (of: 'fail' | 'unknown' | 'open'): number => ends.reduce((sum, end) => sum + end[of], 0);
  const outage = outageIn(calls, { faultAt, until }, LEAST_OUTAGE_MS);
  return {
    target: target.name,
    client: spec.name.split('/')[0] ?? spec.name,
    fault: target.failoverIs === undefined ? UNSAID_FAULT : `${target.failoverIs} by command`,
    repetitions: 1,
    serverWindowMs: undefined,
    ...(outage?.to === undefined ? {} : { clientWindowMs: outage.to - outage.from }),
    ...(outage && outage.to === undefined && { never: true }),
    failed: total('fail'),
    unknown: total('unknown'),
    lost: judged?.lost ?? 0,
    doubled: judged?.doubled ?? 0,
    ...(!judged && { uncounted: true }),
    stuck: total('open'),
    timeline: outage ? timelineOf(outage, faultAt, until) : [],
  };
}

function timelineOf({ from, to }: Outage, faultAt: number, until: number): FailoverResult['timeline'] {
  const lane = 'client';
  const [waits, writes] = [from - faultAt, (to ?? until) - faultAt];
  return [
    { lane, what: 'writes', from: -SHOWN_MS, to: waits },
    { lane, what: 'waits', from: waits, to: writes },
    ...(to === undefined ? [] : [{ lane, what: 'writes', from: writes, to: writes + SHOWN_MS }]),
  ];
}
