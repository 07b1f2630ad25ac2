import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brokenIn, CAMPAIGN_FAULTS, cellsOf, CLIENTS, runFault, SETTINGS } from '@steadfast/campaign';
import { afterAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ pgbouncer: false });
const folder = mkdtempSync(join(tmpdir(), 'steadfast-smoke-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A busy machine may be slow; what is promised of the lag itself, the campaign measures. */
const SLOW = /^lag /;

describe('the campaign', () => {
  it.each([
    ['sync-on', 'switchover'],
    ['down-after-1000', 'sentinel-failover'],
  ])('runs all clients of a library side by side through %s/%s', { timeout: 120_000 }, async (on, by) => {
    const { lab } = held;
    const setting = SETTINGS.find(({ name }) => name === on);
    const fault = CAMPAIGN_FAULTS.find(({ name }) => name === by);
    if (!setting || !fault) throw new Error(`there is no ${on}/${by}`);
    const clients = CLIENTS.filter(({ library }) => library === setting.library);
    const observers = await lab.observe();
    try {
      const load = { writers: 8, rate: 5, shift: 0.5, repetition: 1 };
      const run = await runFault({ lab, observers, setting, fault, clients, folder, ...load });
      expect(run.troubles).toEqual([]);
      expect(run.serverMs).toBeGreaterThan(0);
      const cells = cellsOf([run], CLIENTS);
      const ours = cells.filter(({ client }) => client.includes('-ha/'));
      expect(Math.max(...ours.map(({ lagMs }) => lagMs?.max ?? Infinity))).toBeLessThan(2_000);
      expect(cells.map(({ client }) => client)).toEqual(clients.map(({ name }) => name));
      for (const cell of cells) {
        expect(cell.ends['set']?.ok ?? cell.ends['insert']?.ok, cell.client).toBeGreaterThan(0);
        const spec = clients.find(({ name }) => name === cell.client);
        const broken = spec ? brokenIn(cell, spec, setting.serversKeep) : ['not a client'];
        expect({ [cell.client]: broken.filter((each) => !SLOW.test(each)) }).toEqual({ [cell.client]: [] });
      }
    } finally {
      await observers.stop();
    }
  });
});
