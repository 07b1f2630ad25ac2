import { isOurs, loopLabel, panelsOf, type Panel } from '../report/labels.ts';
import { type BenchResult, type FailoverResult, type TargetResult } from '../result.ts';
import { deploymentOf, type Deployment } from './figures.ts';

/** What was measured of a target. */
export interface Measured {
  readonly target: TargetResult;
  /** p99 of our client, ms, under the load that most targets were measured with */
  readonly p99?: number;
  /** workload and load of that p99 */
  readonly load?: string;
  /** what an unplanned failover cost our client, ms, Infinity where it never was back: the median of the fault that most targets were put through */
  readonly failover?: Pick<FailoverResult, 'fault' | 'setting'> & { readonly ms: number };
}

/** The same of a target that stands for a deployment with a price. */
export interface Priced extends Measured {
  readonly deployment: Deployment;
}

/** What is planned costs next to nothing everywhere: it says little about a deployment. */
const PLANNED = /switchover|planned|sentinel-failover/;

/** What an app does all day says more than what fills a server up, or asks it for nothing. */
const LIKE_AN_APP = 'chatwoot';

/** The figures that targets are held against each other by, one row for each. */
export function measuredOf({ targets, measurements, failovers }: BenchResult): readonly Measured[] {
  const panels = panelsOf(
    targets,
    measurements.filter(({ client }) => isOurs(client)),
  );
  const unplanned = failovers.filter(({ client, fault }) => isOurs(client) && !PLANNED.test(fault));
  return targets.map((target) => {
    const peers = targets.filter(({ library }) => library === target.library);
    return {
      target,
      ...latencyOf(
        target,
        panels.filter(({ library }) => library === target.library),
      ),
      ...failoverOf(
        target,
        unplanned.filter((failover) => peers.some((peer) => isOf(failover, peer))),
      ),
    };
  });
}

/** Those that stand for a deployment, with what it costs. */
export function priced(result: BenchResult): readonly Priced[] {
  return measuredOf(result).flatMap((measured) => {
    const { deployment } = measured.target;
    return deployment === undefined ? [] : [{ ...measured, deployment: deploymentOf(deployment) }];
  });
}

/** A failover is of the target that it names, or of all that differ by an added round trip alone: `managed`, `managed-2ms`. */
function isOf(failover: FailoverResult, { name, addedRoundTripMs }: TargetResult): boolean {
  if (name === failover.target) return true;
  return addedRoundTripMs !== undefined && name.startsWith(`${failover.target}-`);
}

/** An open loop comes before others, since it alone says what a user waits at a given load, and an app's work before other work. */
function latencyOf({ name }: TargetResult, panels: readonly Panel[]): Pick<Measured, 'p99' | 'load'> {
  const spread = ({ measurements, loop, workload }: Panel): number =>
    new Set(measurements.map(({ target }) => target)).size * 4 +
    (loop.kind === 'open' ? 2 : 0) +
    (workload === LIKE_AN_APP ? 1 : 0);
  const [panel] = panels.toSorted((a, b) => spread(b) - spread(a));
  const own = panel?.measurements.find(({ target }) => target === name);
  // Where everything failed there is no latency that an app would meet, and 0 would be the best of all.
  if (!panel || !own || own.operations === 0 || own.latency.count === 0) return {};
  return { p99: own.latency.p99, load: `${panel.workload}, ${loopLabel(panel.loop)}` };
}

function failoverOf(target: TargetResult, failovers: readonly FailoverResult[]): Pick<Measured, 'failover'> {
  const targetsOf = (fault: string): number =>
    new Set(failovers.filter((one) => one.fault === fault).map((one) => one.target)).size;
  const [best] = failovers.toSorted((a, b) => targetsOf(b.fault) - targetsOf(a.fault));
  const mine = failovers.filter((one) => isOf(one, target) && one.fault === best?.fault);
  const own = mine.find((one) => one.target === target.name) ?? mine[0];
  const ms = own?.never ? Infinity : own?.clientWindowMs;
  if (own === undefined || ms === undefined) return {};
  const { fault, setting } = own;
  return { failover: { fault, ms, ...(setting !== undefined && { setting }) } };
}
