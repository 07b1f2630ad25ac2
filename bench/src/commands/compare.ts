import { compare } from '../compare/compare.ts';
import { tellComparison } from '../compare/tell.ts';
import { readResult } from '../result-file.ts';
import { readArguments, UsageError, type Command } from './command.ts';

const MAX_THRESHOLD = 100;

export const compareCommand: Command = {
  name: 'compare',
  usage: `What got slower and what got faster from one result to another, and how sure that is.

  steadfast-bench compare <before.json> <after.json> [--threshold 5] [--fail] [--json]

  --threshold  changes of less than so many percent are none; default 5
  --fail       exit code 1 on a regression that is sure
  --json       one JSON document

Figures of other machines, or of one that was too noisy, are shown and not judged; ratios measured side by side always are.`,
  async run(argv) {
    const { values, files } = readArguments(
      argv,
      {
        threshold: { type: 'string', default: '5' },
        fail: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
      ['<before.json>', '<after.json>'],
    );
    const threshold = readThreshold(values.threshold);
    const [before, after] = await Promise.all([readResult(files[0] ?? ''), readResult(files[1] ?? '')]);
    const comparison = compare(before, after, { threshold });
    console.log(
      values.json
        ? JSON.stringify(comparison, undefined, 2)
        : tellComparison(comparison, before, after, threshold),
    );
    const worse = comparison.differences.some(({ verdict }) => verdict === 'regression');
    return values.fail && worse ? 1 : 0;
  },
};

function readThreshold(text: string): number {
  const percent = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (percent <= MAX_THRESHOLD) return percent / 100;
  throw new UsageError(`--threshold is '${text}'; allowed: a number of percent from 0 to ${MAX_THRESHOLD}`);
}
