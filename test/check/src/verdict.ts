/** What a checker says. `unknown`: the history does not tell, or what it shows may be the server's doing. */
export type Verdict = 'valid' | 'invalid' | 'unknown';

/** One bad verdict spoils the whole, and one that cannot be given leaves the whole open. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('invalid')) return 'invalid';
  return verdicts.includes('unknown') ? 'unknown' : 'valid';
}

/** A verdict on too little to have found anything is none: `judged` says how much there was. */
export function ifJudged(judged: number, verdict: Verdict): Verdict {
  return verdict === 'valid' && judged === 0 ? 'unknown' : verdict;
}

/**
 * The verdict on a comparison. What is wrong by the client's own word decides; what was acknowledged and is gone is
 * wrong only where the servers promised to keep it.
 */
export function verdictOn(found: { wrong: number; lost: number }, serversKeep: boolean): Verdict {
  if (found.wrong > 0 || (found.lost > 0 && serversKeep)) return 'invalid';
  return found.lost > 0 ? 'unknown' : 'valid';
}

/** One thing that is not as it should be. */
export interface Anomaly {
  /** its name: 'G1c', 'wrong-sum' … */
  readonly name: string;
  /** the calls that show it, by id; few of them where there are many */
  readonly calls: readonly string[];
  readonly what: string;
}
