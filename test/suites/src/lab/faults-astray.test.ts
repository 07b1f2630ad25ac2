import type { LabDescription } from '@steadfast/lab';
import { afterEach, describe, expect, it } from 'vitest';
import { becomes, failure, need, postgresMember, query, writable } from './ask.ts';
import { withLab } from '../support/with-lab.ts';

const used = withLab({ redis: false, pgbouncer: false });
const description = (): LabDescription => used.lab.description;

async function primary(): Promise<string> {
  return need((await used.lab.status()).postgres?.primary);
}

/** Who answers behind the primary port of HAProxy, by name. */
async function behindHaproxy(): Promise<string> {
  const { host, primaryPort: port } = need(need(description().postgres).haproxy);
  const [row] = await query(description(), { host, port }, 'SELECT host(inet_server_addr()) AS address');
  const found = ['h1', 'h2', 'h3'].find(
    (name) => postgresMember(description(), name).host === row?.['address'],
  );
  return need(found);
}

async function timeline(name: string): Promise<unknown> {
  const text = 'SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS timeline';
  const [row] = await query(description(), postgresMember(description(), name), text);
  return row?.['timeline'];
}

afterEach(async () => {
  for (const fault of used.lab.openFaults().toReversed()) await fault.heal();
  await used.lab.waitHealthy();
}, 120_000);

describe('faults that lead astray', () => {
  it('haproxy-stale leads to the old primary after a switchover, until it is healed', async () => {
    const old = await primary();
    const fault = await used.lab.fault('haproxy-stale');
    await used.lab.fault('switchover');
    await becomes(
      'the old primary, demoted',
      () => writable(description(), old),
      (answer) => !answer,
      20_000,
    );
    expect(await behindHaproxy().catch(() => old)).toBe(old);
    await fault.heal();
    const next = await primary();
    expect(next).not.toBe(old);
    await becomes(
      'the way',
      () => behindHaproxy().catch(() => 'nobody'),
      (name) => name === next,
      10_000,
    );
  });

  it('haproxy-both leads to every member in turn', async () => {
    const fault = await used.lab.fault('haproxy-both');
    const reached = new Set<string>();
    const ask = async (): Promise<number> => reached.add(await behindHaproxy()).size;
    await becomes('all members', ask, (count) => count === 3, 5_000);
    await fault.heal();
    const leader = await primary();
    const three = async (): Promise<string[]> => [
      await behindHaproxy(),
      await behindHaproxy(),
      await behindHaproxy(),
    ];
    await becomes('the primary alone', three, (names) => names.every((name) => name === leader), 10_000);
  });

  it('freeze-patroni stops Patroni alone: its PostgreSQL goes on', async () => {
    const fault = await used.lab.fault('freeze-patroni');
    const { patroniUrl } = need(
      need(description().postgres).members.find(({ name }) => name === fault.target),
    );
    const asked = (): Promise<Response> =>
      fetch(`${patroniUrl}/liveness`, { signal: AbortSignal.timeout(1_000) });
    expect(await failure(asked())).not.toBe('none');
    expect(await writable(description(), need(fault.target))).toBe(true);
    await fault.heal();
    const status = (): Promise<number> =>
      asked().then(
        (answer) => answer.status,
        () => 0,
      );
    await becomes('Patroni', status, (code) => code === 200, 15_000);
  });

  it('twin-primary makes a standby a primary beside the real one, on the same timeline', async () => {
    const leader = await primary();
    const fault = await used.lab.fault('twin-primary');
    const twin = need(fault.target);
    expect(twin).not.toBe(leader);
    expect([await writable(description(), twin), await writable(description(), leader)]).toEqual([
      true,
      true,
    ]);
    expect(await timeline(twin)).toBe(await timeline(leader));
    await fault.heal();
    await used.lab.waitHealthy();
    expect(await writable(description(), twin)).toBe(false);
  });

  it('disk-full lets the primary write nothing more', async () => {
    const fault = await used.lab.fault('disk-full');
    const at = postgresMember(description(), need(fault.target));
    const write = (): Promise<unknown> => query(description(), at, 'CREATE TABLE full_disk AS SELECT 1 AS n');
    expect(await failure(write())).not.toBe('none');
    await fault.heal();
    await used.lab.waitHealthy();
    expect(await writable(description(), await primary())).toBe(true);
  });
});
