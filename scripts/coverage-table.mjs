import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/** Prints what `vitest --coverage` has found, a row for each folder of the packages, as Markdown. */
const summary = JSON.parse(readFileSync(path.join(root, 'coverage/coverage-summary.json'), 'utf8'));
const folders = new Map();
for (const [file, { lines, branches }] of Object.entries(summary)) {
  if (file === 'total') continue;
  const [, name, , folder] = path.relative(root, file).split('/');
  const key = folder.endsWith('.ts') ? name : `${name}/${folder}`;
  const sum = folders.get(key) ?? { lines: [0, 0], branches: [0, 0] };
  folders.set(key, sum);
  for (const [kind, { covered, total }] of Object.entries({ lines, branches })) {
    sum[kind][0] += covered;
    sum[kind][1] += total;
  }
}
const percent = ([covered, total]) => (total === 0 ? '–' : `${Math.round((100 * covered) / total)} %`);
process.stdout.write('| folder | lines | branches |\n| --- | --- | --- |\n');
for (const [folder, { lines, branches }] of [...folders].toSorted(([a], [b]) => a.localeCompare(b)))
  process.stdout.write(`| ${folder} | ${percent(lines)} | ${percent(branches)} |\n`);
const { lines, branches } = summary.total;
process.stdout.write(`| all | ${Math.round(lines.pct)} % | ${Math.round(branches.pct)} % |\n`);
