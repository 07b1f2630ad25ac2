import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  brokenIn,
  CAMPAIGN_FAULTS,
  cellsOf,
  CLIENTS,
  QUICK,
  runFault,
  SETTINGS,
  unjudgedIn,
  type Cell,
} from '@steadfast/campaign';
import { afterAll, describe, expect, it } from 'vitest';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ pgbouncer: false });
const folder = mkdtempSync(join(tmpdir(), 'steadfast-quick-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A busy machine may be slow; what is promised of the lag itself, the campaign measures. */
const SLOW = /^lag /;

/** What has to be judged of our clients, whatever else is. */
const CHECKERS = {
  pg: [
    'insert',
    'upsert',
    'transaction',
    'append',
    'bank',
    'monotonic',
    'read-your-writes',
    'deadline',
    'fencing',
    'bounds',
  ],
  redis: ['incr', 'rpush', 'set', 'append', 'deadline', 'bounds'],
};

describe('the quick campaign', () => {
  it.each(QUICK)(
    'runs all clients of a library side by side through %s',
    { timeout: 180_000 },
    async (picked) => {
      const { lab } = held;
      const [on, by] = picked.split('/');
      const setting = SETTINGS.find(({ name }) => name === on);
      const fault = CAMPAIGN_FAULTS.find(({ name }) => name === by);
      if (!setting || !fault) throw new Error(`there is no ${picked}`);
      const clients = CLIENTS.filter(({ library }) => library === setting.library);
      const observers = await lab.observe();
      try {
        const load = { writers: 8, rate: 5, shift: 0.5, repetition: 1, brief: true };
        const play = (): ReturnType<typeof runFault> =>
          runFault({ lab, observers, setting, fault, clients, folder, ...load });
        // Nothing has been done to anybody by then, and whatever kept the machine busy may be over.
        const run = await play().catch((error: Error) => {
          if (!error.message.startsWith('too slow for the load before the fault')) throw error;
          console.log(`${picked}: ${error.message}; once more`);
          return play();
        });
        expect(run.troubles).toEqual([]);
        expect(run.serverMs).toBeGreaterThan(0);
        const cells = cellsOf([run], CLIENTS);
        const ours = cells.filter(({ client }) => client.includes('-ha/'));
        expect(Math.max(...ours.map(({ lagMs }) => lagMs?.max ?? Infinity))).toBeLessThan(5_000);
        expect(cells.map(({ client }) => client)).toEqual(clients.map(({ name }) => name));
        for (const cell of cells) {
          expect(cell.ends['set']?.ok ?? cell.ends['insert']?.ok, cell.client).toBeGreaterThan(0);
          const spec = clients.find(({ name }) => name === cell.client);
          const broken = spec ? brokenIn(cell, spec, setting.serversKeep) : ['not a client'];
          const found = { broken: broken.filter((each) => !SLOW.test(each)), findings: wrongIn(cell) };
          expect({ [cell.client]: found }).toEqual({ [cell.client]: { broken: [], findings: [] } });
          // A checker that had nothing to judge is no checker.
          const due = spec?.ours ? CHECKERS[spec.library] : [];
          const silent = [...due.filter((name) => !(name in cell.verdicts)), ...unjudgedIn(cell)];
          expect({ [cell.client]: silent }).toEqual({ [cell.client]: [] });
        }
      } finally {
        await observers.stop();
      }
    },
  );
});

/** What checkers found of ours, so that a failure says where to look; peers promise nothing. */
function wrongIn({ client, verdicts, findings }: Cell): unknown[] {
  return client.includes('-ha/') ? findings.filter(({ checker }) => verdicts[checker] === 'invalid') : [];
}
