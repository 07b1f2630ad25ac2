import { median } from '../ratio.ts';
import { who } from '../report/labels.ts';
import { type FailoverResult } from '../result.ts';
import { type Both, type Difference } from './compare.ts';
import { shiftOf, tooFew } from './shift.ts';

/** What our client may take longer after its server before it counts: the promise is 50 ms. */
const LAG_MS = 50;

export const failoverKey = (one: FailoverResult): string => `${who(one)}: ${one.fault}`;

/** What one kind of failover cost the same client in both results. */
export function failoverDifferences(
  [before, after]: Both<FailoverResult>,
  incomparable: readonly string[],
): Difference[] {
  const what = failoverKey(before);
  return [
    ...recoveryDifference(what, before, after),
    ...countDifferences(what, before, after),
    ...windowDifference(what, before, after, incomparable),
  ];
}

/** A client that is not back at all is worse than any time that it could take. */
function recoveryDifference(what: string, before: FailoverResult, after: FailoverResult): Difference[] {
  const [old, fresh] = [before.never === true, after.never === true];
  if (old === fresh) return [];
  return [
    {
      what,
      figure: 'never back',
      before: Number(old),
      after: Number(fresh),
      unit: 'count',
      verdict: fresh ? 'regression' : 'improvement',
    },
  ];
}

/** No interval is needed: none is allowed. */
function countDifferences(what: string, before: FailoverResult, after: FailoverResult): Difference[] {
  const known =
    before.uncounted || after.uncounted ? ['stuck' as const] : (['lost', 'doubled', 'stuck'] as const);
  return known
    .filter((figure) => before[figure] !== after[figure])
    .map((figure): Difference => ({
      what,
      figure,
      before: before[figure],
      after: after[figure],
      unit: 'count',
      verdict: after[figure] > before[figure] ? 'regression' : 'improvement',
    }));
}

/** Windows of servers vary by their leases; what is ours is how much later than its server a client is back. */
function windowDifference(
  what: string,
  before: FailoverResult,
  after: FailoverResult,
  incomparable: readonly string[],
): Difference[] {
  const [old = [], fresh = []] = [before, after].map(({ each = [] }) =>
    each.map((run) => run.clientWindowMs - run.serverWindowMs),
  );
  if (old.length === 0 || fresh.length === 0) return unwatched(what, before, after);
  const base = {
    what,
    figure: 'client after server',
    before: median(old),
    after: median(fresh),
    unit: 'ms' as const,
  };
  const shift = shiftOf(old, fresh);
  if (!shift) return [{ ...base, verdict: 'not judged', why: tooFew(old, fresh) }];
  const change = { kind: 'shift' as const, ...shift };
  const [why] = incomparable;
  if (why !== undefined) return [{ ...base, change, verdict: 'not judged', why }];
  const verdict = shift.low > LAG_MS ? 'regression' : shift.high < -LAG_MS ? 'improvement' : 'no difference';
  return [{ ...base, change, verdict }];
}

/** Where the server's part is not known, as on endpoints of somebody's own, the window is shown and judged by the reader. */
function unwatched(
  what: string,
  { clientWindowMs: before }: FailoverResult,
  { clientWindowMs: after }: FailoverResult,
): Difference[] {
  if (before === undefined || after === undefined) return [];
  const why = "the server's part of it was not seen: one window by itself has no interval";
  return [{ what, figure: 'client window', before, after, unit: 'ms', verdict: 'not judged', why }];
}
