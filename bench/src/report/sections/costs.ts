import { DEPLOYMENTS, RATINGS, type Deployment, type Source } from '../../costs/figures.ts';
import { priced, type Priced } from '../../costs/join.ts';
import { priceIn, USD_PER_EUR } from '../../costs/money.ts';
import { type BenchResult } from '../../result.ts';
import { pointChart, type Point } from '../charts/point-chart.ts';
import { type Chart, type Look, type Section, type Table } from '../document.ts';
import { outage, short, span } from '../format.ts';

/** What the ways to run the databases cost, beside what was measured of them. */
export function costsSection(result: BenchResult, looks: ReadonlyMap<string, Look>): Section {
  const rows = priced(result);
  return {
    id: 'costs',
    title: 'Costs',
    text: [
      `Prices and efforts are as their sources give them, on the days given below; prices change, and those of the document are of the smallest size. For the charts dollars are turned into euros at ${USD_PER_EUR} USD. What was measured on the lab is not a provider's machine: it shows what the way there costs, not how fast a provider is.`,
    ],
    charts: charts(rows, looks),
    tables: [
      ...(rows.length > 0 ? [joined(rows)] : []),
      priceTable(),
      effortTable(),
      offerTable(),
      sourceTable(),
    ],
  };
}

function charts(rows: readonly Priced[], looks: ReadonlyMap<string, Look>): Chart[] {
  return (['pg', 'redis'] as const).flatMap((library) => {
    const own = rows.filter(({ target }) => target.library === library);
    const name = library === 'pg' ? 'PostgreSQL' : 'Redis';
    const latencies = own.flatMap((row) => (row.p99 === undefined ? [] : [point(row, row.p99, looks)]));
    const windows = own.flatMap((row) => {
      const seconds = (row.failover?.ms ?? Infinity) / 1_000;
      return Number.isFinite(seconds) ? [point(row, seconds, looks)] : [];
    });
    return [
      ...(latencies.length > 0
        ? [pointChart(`${name}: price and p99`, 'EUR a month', 'p99, ms', latencies)]
        : []),
      ...(windows.length > 0
        ? [pointChart(`${name}: price and failover`, 'EUR a month', 'client window, s', windows)]
        : []),
    ];
  });
}

function point({ target, deployment }: Priced, y: number, looks: ReadonlyMap<string, Look>): Point {
  const [from, to] = priceIn(deployment.price, 'EUR', USD_PER_EUR);
  const look = looks.get(target.name) ?? { color: 'var(--series-1)', dash: [], symbol: 'circle' };
  return { name: target.name, from, to, y, look };
}

function joined(rows: readonly Priced[]): Table {
  return {
    title: 'What was measured, and what it costs',
    columns: [
      { title: 'target' },
      { title: 'deployment' },
      { title: 'a month', align: 'right' },
      { title: 'p99, ms', align: 'right' },
      { title: 'load' },
      { title: 'failover', align: 'right' },
      { title: 'fault' },
    ],
    rows: rows.map(({ target, deployment, p99, load, failover }) => [
      target.name,
      deployment.title,
      `${span(deployment.price.low, deployment.price.high)} ${deployment.price.currency}`,
      p99 === undefined ? '–' : short(p99),
      load ?? '–',
      failover ? outage(failover.ms) : '–',
      failover?.fault ?? '–',
    ]),
  };
}

function priceTable(): Table {
  return {
    title: 'Price and effort',
    columns: [
      { title: 'deployment' },
      { title: 'a month', align: 'right' },
      { title: 'setup, days', align: 'right' },
      { title: 'maintenance, hours a month', align: 'right' },
      { title: 'complexity' },
      { title: 'skills' },
    ],
    rows: DEPLOYMENTS.map(({ title, price, setupDays, maintenanceHours, complexity, skills }) => [
      title,
      `${span(price.low, price.high)} ${price.currency}`,
      days(setupDays),
      `${span(maintenanceHours.low, maintenanceHours.high)}${maintenanceHours.derived ? ' (from words)' : ''}`,
      complexity,
      skills,
    ]),
  };
}

const days = ({ low, high }: Deployment['setupDays']): string => (low === high ? `${low}` : `${low}–${high}`);

function effortTable(): Table {
  return {
    title: "The document's ratings",
    columns: [{ title: 'deployment' }, ...RATINGS.map((title) => ({ title }))],
    rows: DEPLOYMENTS.map(({ title, ratings }) => [title, ...RATINGS.map((rating) => ratings[rating])]),
  };
}

function offerTable(): Table {
  return {
    title: 'Providers',
    columns: [
      { title: 'offer' },
      { title: 'from, a month', align: 'right' },
      { title: 'for' },
      { title: 'with a standby, from', align: 'right' },
      { title: 'up to' },
      { title: 'to know' },
    ],
    rows: DEPLOYMENTS.flatMap(({ offers }) => offers).map((offer) => [
      offer.title,
      `${span(offer.start.low, offer.start.high)} ${offer.start.currency}`,
      size(offer.startMemoryGb, offer.startStorageGb),
      offer.highAvailability
        ? `${span(offer.highAvailability.low, offer.highAvailability.high)} ${offer.highAvailability.currency}`
        : '–',
      size(offer.maxMemoryGb, offer.maxStorageGb),
      [offer.gone?.why, ...(offer.notes ?? []).map(({ text }) => text)].filter(Boolean).join('; ') || '–',
    ]),
  };
}

function size(memoryGb: number | undefined, storageGb: number | undefined): string {
  return (
    [
      ...(memoryGb === undefined ? [] : [`${memoryGb} GB memory`]),
      ...(storageGb === undefined
        ? []
        : [`${storageGb >= 1_024 ? `${storageGb / 1_024} TB` : `${storageGb} GB`} storage`]),
    ].join(', ') || '–'
  );
}

function sourceTable(): Table {
  const sources = new Map<string, Source>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('read' in value && 'name' in value) sources.set((value as Source).name, value as Source);
    else for (const one of Object.values(value)) visit(one);
  };
  visit(DEPLOYMENTS);
  return {
    title: 'Sources',
    columns: [{ title: 'source' }, { title: 'address' }, { title: 'read', align: 'right' }],
    rows: [...sources.values()].map(({ name, url, read }) => [name, url ?? '–', read]),
  };
}
