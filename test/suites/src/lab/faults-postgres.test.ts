import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName, LabDescription } from '@steadfast/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { becomes, failure, need, postgresMember, query, sleeping, writable } from './ask.ts';
import { withLab } from '../support/with-lab.ts';

const used = withLab({ redis: false });
const description = (): LabDescription => used.lab.description;
const select = (name: string, text: string): Promise<Record<string, unknown>[]> =>
  query(description(), postgresMember(description(), name), text);

async function primary(): Promise<string> {
  return need((await used.lab.status()).postgres?.primary);
}

/** Whoever else takes writes. */
async function writableOther(than: string): Promise<string | undefined> {
  const others = ['h1', 'h2', 'h3'].filter((name) => name !== than);
  const answers = await Promise.all(others.map((name) => writable(description(), name)));
  return others.find((_, n) => answers[n]);
}

async function newPrimary(than: string): Promise<string> {
  const other = (): Promise<string | undefined> => writableOther(than);
  return need(await becomes('a new primary', other, (name) => name !== undefined, 45_000));
}

async function started(name: string): Promise<number> {
  const [row] = await select(name, 'SELECT extract(epoch FROM pg_postmaster_start_time()) AS at');
  return Number(row?.['at']);
}

afterEach(async () => {
  for (const fault of used.lab.openFaults().toReversed()) await fault.heal();
  await used.lab.waitHealthy();
}, 120_000);

describe('PostgreSQL faults', () => {
  it('crash ends everything on the host, another member is promoted, and healed it follows as a replica', async () => {
    const old = await primary();
    const crash = await used.lab.fault('crash');
    expect(crash.target).toBe(old);
    expect(await failure(select(old, 'SELECT 1'))).toBe('ECONNREFUSED');
    const next = await newPrimary(old);
    const healed = await crash.heal();
    expect(healed.map(({ what }) => what)).toContain(`started Patroni on ${old}`);
    await used.lab.waitHealthy();
    const [row] = await select(old, 'SELECT pg_is_in_recovery() AS standby');
    expect(row?.['standby']).toBe(true);
    expect(await primary()).toBe(next);
    expect(await crash.heal()).toEqual([]);
  });

  it('kill-postgres ends PostgreSQL alone, and Patroni starts it again in place', async () => {
    const name = await primary();
    const before = await started(name);
    await used.lab.fault('kill-postgres');
    const { patroniUrl } = need(need(description().postgres).members.find((each) => each.name === name));
    expect((await fetch(`${patroniUrl}/liveness`)).status).toBe(200);
    const again = (): Promise<number> => started(name).catch(() => 0);
    await becomes('PostgreSQL started again', again, (at) => at > before, 30_000);
    expect(await primary()).toBe(name);
  });

  it('kill-patroni leaves PostgreSQL writable without its keeper, and healed it is synchronous again', async () => {
    const name = await primary();
    const fault = await used.lab.fault('kill-patroni');
    const { patroniUrl } = need(need(description().postgres).members.find((each) => each.name === name));
    await expect(fetch(`${patroniUrl}/liveness`)).rejects.toThrow('fetch failed');
    expect(await writable(description(), name)).toBe(true);
    await fault.heal();
    // Longer than Patroni's loop: only then would a forgotten standby show.
    await sleep(6_000);
    await used.lab.waitHealthy();
    const [row] = await select(name, 'SHOW synchronous_standby_names');
    expect(row?.['synchronous_standby_names']).toMatch(/^h\d$/);
  });

  it.each(['freeze', 'freeze-postgres'] satisfies FaultName[])(
    '%s lets connections in and never answers',
    async (name) => {
      const target = await primary();
      const fault = await used.lab.fault(name);
      expect(await failure(select(target, 'SELECT 1'))).toMatch(/timeout/i);
      await fault.heal();
      expect(await failure(select(target, 'SELECT 1'))).toBe('none');
    },
  );

  it('partition makes packets vanish, and the host is back when healed', async () => {
    const target = await primary();
    const fault = await used.lab.fault('partition');
    expect(await failure(select(target, 'SELECT 1'))).toMatch(/timeout/i);
    const others = (await used.lab.status()).postgres?.members.filter(({ name }) => name !== target);
    expect(others?.map(({ state }) => state)).toEqual(['running', 'running']);
    await fault.heal();
    expect(
      await becomes(
        'an answer',
        () => failure(select(target, 'SELECT 1')),
        (end) => end === 'none',
        5_000,
      ),
    ).toBe('none');
  });

  it('partition-clients cuts clients off while the cluster stays healthy', async () => {
    const fault = await used.lab.fault('partition-clients');
    for (const name of ['h1', 'h2', 'h3'])
      expect(await failure(select(name, 'SELECT 1'))).toMatch(/timeout/i);
    await used.lab.waitHealthy(5_000);
    await fault.heal();
    expect(await failure(select('h1', 'SELECT 1'))).toBe('none');
  });

  it('partition-clients silences connections that are open already', async () => {
    const target = await primary();
    const at = postgresMember(description(), target);
    const slow = query(description(), at, 'SELECT pg_sleep(2)', { timeoutMs: 5_000 });
    await sleeping(description(), at);
    const fault = await used.lab.fault('partition-clients', { target });
    expect(await failure(slow)).toMatch(/timeout/i);
    await fault.heal();
  });

  it('partition-dcs takes the leader key from a primary that clients still reach', async () => {
    const old = await primary();
    const fault = await used.lab.fault('partition-dcs');
    expect(await failure(select(old, 'SELECT 1'))).toBe('none');
    await newPrimary(old);
    expect(await writable(description(), old)).toBe(false);
    await fault.heal();
  });

  it('etcd-quorum-loss makes the primary read-only, and healed it takes writes again', async () => {
    const fault = await used.lab.fault('etcd-quorum-loss');
    const anyWritable = (): Promise<string | undefined> => writableOther('');
    await becomes('no primary', anyWritable, (name) => name === undefined, 45_000);
    // The demoted primary comes back read-only.
    const reads = (): Promise<string> => failure(select('h1', 'SELECT 1'));
    expect(await becomes('reads', reads, (end) => end === 'none', 20_000)).toBe('none');
    await fault.heal();
    expect(await newPrimary('')).toMatch(/^h\d$/);
  });

  it('switchover promotes the candidate and says when it was asked and answered', async () => {
    const old = await primary();
    const sync = (await used.lab.status()).postgres?.members.find(
      ({ role }) => role === 'sync_standby',
    )?.name;
    const fault = await used.lab.fault('switchover');
    const [asked, answered] = fault.events;
    expect(asked?.what).toBe(`asked for a switchover from ${old} to ${sync}`);
    expect(answered?.at).toBeGreaterThan(asked?.at ?? Infinity);
    expect(await primary()).toBe(sync);
    await becomes(
      'writes',
      () => writable(description(), need(sync)),
      (yes) => yes,
      5_000,
    );
  });

  it('restart restarts the primary in place', async () => {
    const name = await primary();
    const before = await started(name);
    await used.lab.fault('restart');
    expect(await started(name)).toBeGreaterThan(before);
    expect(await primary()).toBe(name);
  });
});
