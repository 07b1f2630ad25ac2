import { type Priced } from '../costs/join.ts';
import { duration } from '../report/format.ts';
import { UNSAID_FAULT } from '../result.ts';
import { type Candidate } from './candidates.ts';

/** A failover that was measured, and what it says of a candidate. */
export interface MeasuredOutage {
  /** Infinity: our client was not back by itself */
  readonly ms: number;
  /** why it does not speak for the candidate; absent: it does */
  readonly doubt?: string;
  /** whether it speaks against the candidate where it is too long */
  readonly against: boolean;
}

/** Those of the candidate; not those of a stand-in of the lab, whose round trips are added: its failover is not the provider's. */
export function outagesOf({ deployment, offer }: Candidate, measured: readonly Priced[]): MeasuredOutage[] {
  return measured
    .filter((one) => one.deployment.id === deployment.id)
    .filter(({ target }) => deployment.ownMachines || target.addedRoundTripMs === undefined)
    .filter(({ target }) => !offer || target.provider === undefined || target.provider === offer.provider)
    .flatMap(({ target, failover }): MeasuredOutage[] => {
      if (!failover) return [];
      const { ms } = failover;
      if (offer && target.provider === undefined)
        return [{ ms, doubt: `the result does not say of which provider ${target.name} is`, against: false }];
      if (deployment.setting !== undefined && failover.setting !== deployment.setting)
        return [{ ms, doubt: otherSettings(failover.setting), against: false }];
      // Whatever the command did, so long was the client out; but a crash may take longer.
      if (failover.fault === UNSAID_FAULT)
        return [{ ms, doubt: 'whether its command was a crash or planned is not said', against: true }];
      return [{ ms, against: true }];
    });
}

/** Sentinel decides by its settings how soon it acts: what was measured under shorter ones is no promise of longer ones. */
function otherSettings(setting: string | undefined): string {
  return `it was measured under ${setting === undefined ? 'settings that nobody knows' : `'${setting}'`}, not under those below`;
}

export function costOf(ms: number): string {
  return Number.isFinite(ms)
    ? `a failover was measured to cost ${duration(ms)}`
    : 'in a failover that was measured our client was not back by itself';
}
