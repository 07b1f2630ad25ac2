import { worst, type Anomaly, type Verdict } from '@steadfast/check';
import { findingsOf, type Finding } from './finding.ts';

/** How often what was wrong, over all kinds of work. */
export interface Counts {
  /** acknowledged and not there */
  lost: number;
  doubled: number;
  /** applied although the call said it was not */
  unexpected: number;
  /** of proof-carrying work: the client does not know what became of it */
  unresolved: number;
  late: number;
  /** answers of an older epoch after a newer one was seen */
  stale: number;
}

/** What all checkers said of one history. */
export interface Judgement extends Counts {
  readonly verdicts: Record<string, Verdict>;
  readonly findings: Finding[];
}

export class Ledger {
  readonly #counts: Counts = { lost: 0, doubled: 0, unexpected: 0, unresolved: 0, late: 0, stale: 0 };
  readonly #verdicts: Record<string, Verdict> = {};
  readonly #findings: Finding[] = [];

  enter(
    checker: string,
    verdict: Verdict,
    anomalies: readonly Anomaly[],
    counts: Partial<Counts> = {},
  ): void {
    const before = this.#verdicts[checker] ?? 'valid';
    this.#verdicts[checker] = worst([before, verdict]);
    this.#findings.push(...findingsOf(checker, anomalies));
    for (const [name, count] of Object.entries(counts)) this.#counts[name as keyof Counts] += count;
  }

  get judgement(): Judgement {
    return { ...this.#counts, verdicts: this.#verdicts, findings: this.#findings };
  }
}
