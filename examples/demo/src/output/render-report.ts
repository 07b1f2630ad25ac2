import type { Errors, FaultReport, Report } from '../analysis/report.ts';
import type { Tally } from '../analysis/findings.ts';
import { CALL_KINDS } from '../load/call.ts';
import { count, duration, plural } from './format.ts';
import { table } from './table.ts';

/** The result of a run as plain text, line by line. */
export function renderReport(report: Report): string[] {
  return [
    ...faultTable(report.faults),
    '',
    report.strategy === 'haproxy'
      ? 'server   the old primary’s last write until HAProxy routes to the new one, seen without the clients'
      : 'server   the old primary’s last write to the new one’s first, seen without the clients',
    'client   the first write that failed or waited to the first acknowledged on the new primary',
    'lag      new primary writable to first acknowledged write',
    ...overlapNote(report.faults),
    '',
    ...latencyTable(report),
    '',
    ...checkTable(report),
    '',
    ...conclusion(report),
  ];
}

function faultTable(faults: readonly FaultReport[]): string[] {
  const columns = [
    { title: 'fault' },
    { title: 'primary' },
    { title: 'server', align: 'right' },
    { title: 'client', align: 'right' },
    { title: 'lag', align: 'right' },
    { title: 'acknowledged', align: 'right' },
    { title: 'lost', align: 'right' },
    { title: 'doubled', align: 'right' },
    { title: 'errors' },
  ] as const;
  return table(
    columns,
    faults.map((fault) => [
      fault.beside ? `  ${fault.title}` : fault.title,
      fault.oldPrimary === null ? '' : `${fault.oldPrimary} → ${fault.newPrimary}`,
      serverCell(fault),
      fault.clientWindowMs === null ? '–' : duration(fault.clientWindowMs),
      fault.lagMs === null ? '–' : duration(fault.lagMs),
      count(fault.acknowledged),
      count(fault.lost),
      count(fault.doubled),
      errorsCell(fault.errors),
    ]),
  );
}

function overlapNote(faults: readonly FaultReport[]): string[] {
  return faults.some((fault) => serverCell(fault).startsWith('overlap'))
    ? ['overlap  the old primary still took writes beside the new one; what it took then is thrown away']
    : [];
}

function serverCell({ recovered, serverWindowMs, newPrimary }: FaultReport): string {
  if (!recovered) return 'not back';
  if (newPrimary === null) return '–';
  if (serverWindowMs === null) return 'overlap';
  return serverWindowMs < 0 ? `overlap ${duration(-serverWindowMs)}` : duration(serverWindowMs);
}

function errorsCell(errors: Errors): string {
  const named = Object.entries(errors).filter(([, errorCount]) => errorCount > 0);
  return named.length === 0 ? 'none' : named.map(([outcome, sum]) => `${count(sum)} ${outcome}`).join(', ');
}

function latencyTable({ latencyMs, loadMs }: Report): string[] {
  const columns = [
    { title: 'latency' },
    { title: 'requests', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p99', align: 'right' },
    { title: 'max', align: 'right' },
  ] as const;
  const rows = CALL_KINDS.map((kind) => {
    const { count: requests, p50, p99, max } = latencyMs[kind];
    return [kind, count(requests), duration(p50), duration(p99), duration(max)];
  });
  return [
    ...table(columns, rows),
    '',
    `Counted from when each request was due, over all ${duration(loadMs)} of load, outages included.`,
  ];
}

function checkTable({ checks }: Report): string[] {
  const columns = [
    { title: 'looked up' },
    { title: 'acknowledged', align: 'right' },
    { title: 'lost', align: 'right' },
    { title: 'doubled', align: 'right' },
    { title: 'unknown', align: 'right' },
    { title: 'of them applied', align: 'right' },
  ] as const;
  const row = (name: string, sum: Tally): string[] => [
    name,
    ...[sum.acknowledged, sum.lost, sum.doubled, sum.unknown, sum.unknownApplied].map(count),
  ];
  return table(columns, [
    row('messages (PostgreSQL)', checks.messages),
    row('jobs (Redis list)', checks.jobs),
    row('increments (Redis)', checks.counters),
  ]);
}

function conclusion(report: Report): string[] {
  const { messages, jobs, counters } = report.checks;
  const lines: string[] = [];
  if (report.untold > 0)
    lines.push(
      `${plural(report.untold, 'message')} stored, but the job could not be queued: the app said so.`,
    );
  if (jobs.lost + counters.lost > 0)
    lines.push(
      `Redis lost ${plural(jobs.lost, 'acknowledged job')} and ${plural(counters.lost, 'acknowledged increment')}:`,
      'it replicates asynchronously, and what had not reached a replica went with the old primary.',
    );
  if (!report.synchronous && messages.lost > 0)
    lines.push(
      `PostgreSQL lost ${plural(messages.lost, 'acknowledged message')}: replication was asynchronous (--async).`,
    );
  if (report.passed) lines.push(`Kept: ${keptLine(messages, report.checks)}`);
  else lines.push(...report.broken.map((broken) => `Broken: ${broken}.`));
  return lines;
}

function keptLine(messages: Tally, { jobs, counters }: Report['checks']): string {
  const there = messages.acknowledged - messages.lost;
  const redis =
    jobs.lost + counters.lost === 0 ? ' So is every job and increment.' : ' Redis holds nothing twice.';
  return messages.lost === 0
    ? `every one of ${plural(there, 'acknowledged message')} is there, once.${redis}`
    : `nothing is there twice.`;
}
