import { describe, expect, it } from 'vitest';
import { exampleResult } from '../example-result.ts';
import { type BenchResult } from '../result.ts';
import { buildReport } from './build-report.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';

const HOSTILE = '<b onload="x">&\'|`*_';

function warningsOf(result: BenchResult): readonly string[] {
  return buildReport(result).sections.find(({ id }) => id === 'summary')?.warnings ?? [];
}

describe('the report', () => {
  it('has the summary first, and no section for what was not measured', () => {
    const ids = buildReport(exampleResult()).sections.map(({ id }) => id);
    expect(ids).toEqual([
      'summary',
      'latency',
      'throughput',
      'failover',
      'ratios',
      'costs',
      'machine',
      'noise',
      'repeat',
    ]);
    const empty = { ...exampleResult(), measurements: [], ratios: [], failovers: [] };
    expect(buildReport(empty).sections.map(({ id }) => id)).toEqual([
      'summary',
      'costs',
      'machine',
      'noise',
      'repeat',
    ]);
  });

  it('gives each panel a chart, and a dashed look only to the eighth line on', () => {
    const latency = buildReport(exampleResult()).sections.find(({ id }) => id === 'latency');
    expect(latency?.charts?.map(({ title }) => title)).toEqual([
      'PostgreSQL, chatwoot: open loop, 200/s',
      'PostgreSQL, chatwoot: closed loop, 32 callers',
      'Redis, chatwoot (redis): open loop, 200/s',
      'Redis, chatwoot (redis): closed loop, 32 callers',
    ]);
    for (const chart of latency?.charts ?? []) {
      const looks = chart.legend?.map(({ look }) => JSON.stringify(look)) ?? [];
      expect(new Set(looks).size).toBe(looks.length);
    }
  });

  it('warns of noise, of lost writes, of goals missed with confidence and of errors, and of nothing else', () => {
    const result = exampleResult();
    const calm = { ...result, ratios: result.ratios.filter(({ other }) => other !== 'postgres.js') };
    expect(warningsOf(calm)).toEqual([]);
    expect(warningsOf(result)).toEqual([
      'PostgreSQL, select, 128 callers: throughput of pg-ha / postgres.js is 1.08 [1.02, 1.14] and misses its goal of 2.',
    ]);
    expect(warningsOf({ ...calm, noise: { ...result.noise, spread: 0.3, tooNoisy: true } })[0]).toContain(
      'varied by 30 %',
    );
    const lost = result.failovers.map((one, n) => (n === 0 ? { ...one, lost: 2 } : one));
    expect(warningsOf({ ...calm, failovers: lost })).toEqual([
      'pg-ha on haproxy, crash: 2 acknowledged and lost, 0 doubled, 0 stuck.',
    ]);
    const never = result.failovers.map((one, n) =>
      n === 0 ? { ...one, never: true, uncounted: true, stuck: 4 } : one,
    );
    expect(warningsOf({ ...calm, failovers: never })).toEqual([
      'pg-ha on haproxy, crash: our client was not back by itself; what was lost or doubled could not be counted, 4 stuck.',
    ]);
    const failed = result.measurements.map((one, n) =>
      n === 0 ? { ...one, errors: { notSent: 0, rejected: 1, unknown: 0 } } : one,
    );
    expect(warningsOf({ ...calm, measurements: failed })).toEqual([
      '1 measurement had errors: see the latency tables.',
    ]);
  });

  it('joins what was measured with the price, of the load and the fault that the targets share', () => {
    const summary = buildReport(exampleResult()).sections[0];
    expect(summary?.tables?.[0]?.rows.slice(0, 3)).toEqual([
      ['haproxy', 'haproxy', '10.3', '21.0 s (crash)', '20–40 USD'],
      ['patroni', 'patroni', '8.64', '20.1 s (crash)', '20–40 EUR'],
      ['managed-0.5ms', 'managed', '10.8', '20.7 s (crash)', '20–50 EUR'],
    ]);
  });

  it('says never of a client that was not back, and puts it into no chart', () => {
    const result = exampleResult();
    const failovers = result.failovers.map((one) => ({ ...one, clientWindowMs: undefined, never: true }));
    const { sections } = buildReport({ ...result, failovers });
    expect(sections[0]?.tables?.[0]?.rows[0]?.[3]).toBe('never (crash)');
    const costs = sections.find(({ id }) => id === 'costs');
    expect(costs?.charts?.map(({ title }) => title)).toEqual([
      'PostgreSQL: price and p99',
      'Redis: price and p99',
    ]);
  });

  it('has no latency for a target on which everything failed, and does not call it the fastest', () => {
    const result = exampleResult();
    const none = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0, curve: [] };
    const measurements = result.measurements.map((one) =>
      one.target === 'haproxy'
        ? {
            ...one,
            operations: 0,
            perSecond: 0,
            cpuMicros: 0,
            latency: none,
            errors: { notSent: 9, rejected: 0, unknown: 0 },
          }
        : one,
    );
    const { sections } = buildReport({ ...result, measurements });
    const [summary, latency, throughput] = sections;
    expect(summary?.points?.[0]).toContain('a p99 from 8.6 ms (patroni)');
    expect(summary?.tables?.[0]?.rows[0]?.[2]).toBe('–');
    expect(latency?.tables?.[0]?.rows[0]?.slice(1, 6)).toEqual(['–', '–', '–', '–', '–']);
    expect(latency?.charts?.[0]?.legend?.map(({ name }) => name)).not.toContain('haproxy, pg-ha');
    expect(throughput?.tables?.[0]?.rows.at(-1)?.slice(1, 4)).toEqual(['0.00', '–', '–']);
    const costs = sections.find(({ id }) => id === 'costs');
    expect(costs?.charts?.[0]?.legend?.map(({ name }) => name)).not.toContain('haproxy');
    const nothing = result.measurements.map((one) => ({ ...one, latency: none }));
    expect(buildReport({ ...result, measurements: nothing }).sections[1]?.charts).toEqual([]);
  });

  it('calls no goal missed on a few pairs, and shows figures of targets that have no price', () => {
    const result = exampleResult();
    const few = { ...result, ratios: result.ratios.map((ratio) => ({ ...ratio, pairs: 5 })) };
    expect(warningsOf(few)).toEqual([]);
    const targets = result.targets.map(({ name, library, strategy, where }) => ({
      name,
      library,
      strategy,
      where,
    }));
    expect(buildReport({ ...result, targets }).sections[0]?.tables?.[0]?.rows[0]).toEqual([
      'haproxy',
      'haproxy',
      '10.3',
      '21.0 s (crash)',
      '–',
    ]);
  });

  it('escapes names in HTML and in Markdown', () => {
    const [first] = exampleResult().targets;
    const text = JSON.stringify(exampleResult()).replaceAll(
      JSON.stringify(first?.name),
      JSON.stringify(HOSTILE),
    );
    const report = buildReport({ ...(JSON.parse(text) as BenchResult), notes: [HOSTILE, 'two\nlines'] });
    const html = renderHtml(report);
    expect(html).not.toContain('<b onload');
    expect(html).toContain('&lt;b onload=&quot;x&quot;&gt;&amp;');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)[^<"]*"/);
    const markdown = renderMarkdown(report);
    expect(markdown).toContain('\\<b onload="x">&\'\\|\\`\\*\\_');
    expect(markdown).toContain('- two lines');
    for (const line of markdown.split('\n').filter((one) => one.startsWith('| haproxy')))
      expect(line.match(/(?<!\\)\|/g)?.length).toBeGreaterThan(4);
  });
});
