import { describe, expect, it } from 'vitest';
import type { Cell } from '../analysis/cell.ts';
import { cellsOf, spread } from '../analysis/cell.ts';
import { CLIENTS } from '../clients/registry.ts';
import { CAMPAIGN_FAULTS } from '../faults/faults.ts';
import type { FaultRun } from '../run/run-fault.ts';
import { SETTINGS } from '../settings.ts';
import { between } from './publish.ts';
import { markdown } from './tables.ts';

const run = (repetition: number, lagMs: number, unknown: number): FaultRun => ({
  setting: 'sync-on',
  fault: 'crash',
  repetition,
  serverMs: 20_000,
  troubles: [],
  clients: [
    {
      client: 'pg-ha/patroni',
      ends: { insert: { ok: 10, fail: 0, unknown, open: 0 }, read: { ok: 5, fail: 0, unknown: 0, open: 0 } },
      errors: {},
      lagMs,
      lost: 0,
      doubled: 0,
      unexpected: 0,
      unresolved: 0,
      late: 0,
      stale: 0,
      longestMs: 1,
      stalledMs: 1,
      history: `histories/${repetition}.jsonl`,
      outageMs: 20_000 + lagMs,
      highest: { sockets: repetition },
      verdicts: { insert: 'valid', append: repetition === 2 ? 'invalid' : 'valid', bounds: 'unknown' },
      findings:
        repetition === 2
          ? [{ checker: 'append', name: 'G1c', count: 2, what: 'a -wr x-> b', calls: ['a', 'b'] }]
          : [],
    },
  ],
});

describe('a cell', () => {
  const [cell] = cellsOf([run(1, 10, 1), run(2, 80, 0), run(3, 20, 1)], CLIENTS) as [Cell];

  it('adds up its runs', () => {
    expect(cell).toMatchObject({ runs: 3, lagMs: { p50: 20, p95: 80, max: 80 }, verdict: 'invalid' });
    expect(cell.verdicts).toEqual({ insert: 'valid', append: 'invalid', bounds: 'unknown' });
    expect(cell.highest).toEqual({ sockets: 3 });
    expect(cell.ends['insert']).toEqual({ ok: 30, fail: 0, unknown: 2, open: 0 });
  });

  it('is a row of its fault’s table, and what is not as promised is listed', () => {
    const text = markdown([cell], { settings: SETTINGS, faults: CAMPAIGN_FAULTS, clients: CLIENTS });
    expect(text).toContain('### PostgreSQL, synchronous_mode on');
    expect(text).toContain(
      '| pg-ha/patroni | 3 | 20,000 ms | 20,020 ms | 20 / 80 / 80 ms | – | 45 | 0 | 2 (insert 2) | 0 | 0 | 0 | 0 | 0 | 1 valid; unknown: bounds; invalid: append |',
    );
    expect(text).toContain('| crash | 80 |');
    expect(text).toContain('- sync-on, crash, pg-ha/patroni: append is invalid; lag 80 ms at p95');
    expect(text).toContain('  - append: G1c 2 times, first (a, b): a -wr x-> b; histories/2.jsonl');
  });

  it.each([
    [[3, 1, 2], { p50: 2, p95: 3, max: 3 }],
    [[7], { p50: 7, p95: 7, max: 7 }],
    [[], undefined],
  ])('spreads %j as %j', (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });
});

describe('publishing', () => {
  it('replaces what stands between the markers, and leaves the rest', () => {
    const once = between('# Results\n\nBefore.\n', 'pnpm campaign --publish', 'one');
    expect(once).toContain('Before.\n\n<!-- campaign: begin, written by `pnpm campaign --publish` -->');
    const twice = between(`${once}\nAfter.\n`, 'pnpm campaign --publish', 'two');
    expect(between(twice, 'pnpm campaign --alone --publish', 'three')).toMatch(
      /two[^]*campaign --alone: end -->\n$/,
    );
    expect(twice).toContain('two');
    expect(twice).not.toContain('one');
    expect(twice).toMatch(/Before\.[^]*two[^]*After\.\n$/);
  });
});
