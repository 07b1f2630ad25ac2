import { type BenchResult } from '../result.ts';
import { type Document, type Look, type Section } from './document.ts';
import { who } from './labels.ts';
import { looksOf } from './looks.ts';
import { costsSection } from './sections/costs.ts';
import { failoverSection } from './sections/failover.ts';
import { latencySection, throughputSection } from './sections/load.ts';
import { machineSection, noiseSection, repeatSection } from './sections/method.ts';
import { ratiosSection } from './sections/ratios.ts';
import { summarySection } from './sections/summary.ts';

/** What there is to say of a result, in the order in which it is read. What was not measured has no section. */
export function buildReport(result: BenchResult): Document {
  const pairs = looksByLibrary(
    result,
    result.measurements.map((one) => [one.target, who(one)] as const),
  );
  const targets = looksByLibrary(
    result,
    result.targets.map(({ name }) => [name, name] as const),
  );
  const sections: (Section | undefined)[] = [
    summarySection(result),
    latencySection(result, pairs),
    throughputSection(result, pairs),
    failoverSection(result),
    ratiosSection(result),
    costsSection(result, targets),
    machineSection(result),
    noiseSection(result),
    repeatSection(result),
  ];
  return {
    title: 'Steadfast benchmark',
    subtitle: `${result.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${result.machine.cpu}, ${result.machine.cores} cores`,
    sections: sections.filter((section) => section !== undefined),
  };
}

/** PostgreSQL and Redis are never in one chart: each begins with the first look again. */
function looksByLibrary(
  { targets }: BenchResult,
  names: readonly (readonly [target: string, name: string])[],
): ReadonlyMap<string, Look> {
  const redis = new Set(targets.filter(({ library }) => library === 'redis').map(({ name }) => name));
  const of = (isRedis: boolean): string[] =>
    names.filter(([target]) => redis.has(target) === isRedis).map(([, name]) => name);
  return new Map([...looksOf(of(false)), ...looksOf(of(true))]);
}
