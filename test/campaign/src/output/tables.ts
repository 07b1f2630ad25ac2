import type { Cell, CellFinding, Spread } from '../analysis/cell.ts';
import type { Ends } from '../analysis/client-run.ts';
import { brokenIn } from '../analysis/promises.ts';
import type { ClientSpec } from '../clients/client.ts';
import type { CampaignFault } from '../faults/campaign-fault.ts';
import type { Setting } from '../settings.ts';

export interface Known {
  readonly settings: readonly Setting[];
  readonly faults: readonly CampaignFault[];
  readonly clients: readonly ClientSpec[];
}

const HEADER = [
  'client',
  'runs',
  'server window',
  'client window',
  'lag p50 / p95 / max',
  'behind the first',
  'acknowledged',
  'failed',
  'unknown',
  'lost',
  'doubled',
  'unresolved',
  'late',
  'stuck',
  'checkers',
];

/** Markdown: a table for each fault under each setting, and what is not as promised. */
export function markdown(cells: readonly Cell[], { settings, faults, clients }: Known): string {
  const lines: string[] = [];
  for (const setting of settings) {
    const under = cells.filter((cell) => cell.setting === setting.name);
    if (under.length === 0) continue;
    lines.push(`### ${setting.library === 'pg' ? 'PostgreSQL' : 'Redis'}, ${setting.meaning}`, '');
    const ofLibrary = faults.filter(({ library }) => library === setting.library);
    lines.push(...overview(under, ofLibrary), '');
    lines.push('<details><summary>Fault by fault</summary>', '');
    for (const fault of ofLibrary) {
      const rows = under.filter((cell) => cell.fault === fault.name);
      if (rows.length === 0) continue;
      lines.push(`**${fault.name}**: ${fault.meaning}`, '', ...table([HEADER, ...rows.map(rowOf)]), '');
    }
    lines.push('</details>', '');
  }
  return [...lines, ...brokenLines(cells, settings, clients)].join('\n');
}

function brokenLines(
  cells: readonly Cell[],
  settings: readonly Setting[],
  clients: readonly ClientSpec[],
): string[] {
  const broken = cells.flatMap((cell) => {
    const spec = clients.find(({ name }) => name === cell.client);
    const setting = settings.find(({ name }) => name === cell.setting);
    const what = spec && setting ? brokenIn(cell, spec, setting.serversKeep) : [];
    if (what.length === 0) return [];
    // What servers lose that promise nothing else is not the client's, and stands in its column.
    const kept = setting?.serversKeep || spec?.keeps;
    const found = cell.findings.filter(({ name }) => kept || name !== 'lost');
    return [
      `- ${cell.setting}, ${cell.fault}, ${cell.client}: ${what.join('; ')}`,
      ...found.map((each) => `  - ${foundLine(each)}`),
    ];
  });
  return ['### Not as promised', '', ...(broken.length > 0 ? broken : ['Nothing.']), ''];
}

/** Which checker, which operation, and where to look. */
export function foundLine({ checker, name, count: times, what, calls, history }: CellFinding): string {
  const first = calls.length > 0 ? ` (${calls.join(', ')})` : '';
  return `${checker}: ${name}${times > 1 ? ` ${count(times)} times, first` : ''}${first}: ${what}; ${history}`;
}

function rowOf(cell: Cell): string[] {
  const { client, runs, serverMs, clientMs, lagMs, behindMs, never, lost, doubled, unresolved, late, stuck } =
    cell;
  const sum = (as: keyof Ends): string =>
    count(Object.values(cell.ends).reduce((all, ends) => all + ends[as], 0));
  const lag = [...(lagMs ? [spread(lagMs)] : []), ...(never > 0 ? [`never in ${never}`] : [])].join('; ');
  return [
    client,
    count(runs),
    serverMs ? `${count(serverMs.p50)} ms` : '–',
    clientMs ? `${count(clientMs.p50)} ms` : '–',
    lag === '' ? '–' : lag,
    behindMs ? `${count(behindMs.p50)} / ${count(behindMs.max)} ms` : '–',
    sum('ok'),
    withKinds(cell, 'fail'),
    withKinds(cell, 'unknown'),
    ...[lost, doubled, unresolved, late, stuck].map(count),
    verdictsOf(cell),
  ];
}

/** What the checkers said, the bad ones by name. */
function verdictsOf({ verdicts }: Cell): string {
  const by = Map.groupBy(Object.entries(verdicts), ([, verdict]) => verdict);
  const names = (as: 'invalid' | 'unknown'): string[] => {
    const all = (by.get(as) ?? []).map(([checker]) => checker);
    return all.length > 0 ? [`${as}: ${all.join(', ')}`] : [];
  };
  return [`${by.get('valid')?.length ?? 0} valid`, ...names('unknown'), ...names('invalid')].join('; ');
}

/** The count and, where it is not 0, of which kinds of work. */
function withKinds({ ends }: Cell, as: 'fail' | 'unknown'): string {
  const kinds = Object.entries(ends).filter(([, each]) => each[as] > 0);
  const all = kinds.reduce((sum, [, each]) => sum + each[as], 0);
  return all === 0
    ? '0'
    : `${count(all)} (${kinds.map(([kind, each]) => `${kind} ${count(each[as])}`).join(', ')})`;
}

function spread({ p50, p95, max }: Spread): string {
  return `${[p50, p95, max].map(count).join(' / ')} ms`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** Faults down, clients across: the worst lag and what was lost or doubled. */
function overview(cells: readonly Cell[], faults: readonly CampaignFault[]): string[] {
  const names = [...new Set(cells.map(({ client }) => client))];
  const rows = faults.flatMap(({ name }) => {
    const of = cells.filter(({ fault }) => fault === name);
    if (of.length === 0) return [];
    return [[name, ...names.map((client) => brief(of.find((cell) => cell.client === client)))]];
  });
  return ['Lag at p95 in ms, and what was wrong:', '', ...table([['fault', ...names], ...rows])];
}

function brief(cell: Cell | undefined): string {
  if (!cell) return '–';
  const { lagMs, never, runs, lost, doubled, stuck } = cell;
  const wrong: [number, string][] = [
    [lost, 'lost'],
    [doubled, 'doubled'],
    [stuck, 'stuck'],
  ];
  const parts = [
    ...(lagMs ? [count(lagMs.p95)] : []),
    ...(never > 0 ? [`never ${never}/${runs}`] : []),
    ...wrong.filter(([times]) => times > 0).map(([times, what]) => `${count(times)} ${what}`),
  ];
  return parts.length > 0 ? parts.join(', ') : 'ok';
}

function table([header = [], ...rows]: readonly string[][]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
