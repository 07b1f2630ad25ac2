import { describe, expect, it } from 'vitest';
import { HaPool, type HaPoolOptions } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';

const held = withLab({ redis: false, managed: false, haproxy: false, pgbouncer: false });

/** A libpq URL that names every member, in the lab's order. */
function url(
  query: string,
  host = (each: { host: string; port: number }) => `${each.host}:${each.port}`,
): string {
  const { postgres } = held.lab.description;
  if (!postgres) throw new Error('the lab has no PostgreSQL');
  const { user, password, database, members } = postgres;
  return `postgres://${user}:${password}@${members.map(host).join(',')}/${database}?${query}`;
}

/** The roles, or the servers, that answer a few reads of a pool made so. */
async function answering(options: HaPoolOptions, what: 'role' | 'host'): Promise<string[]> {
  const pool = new HaPool({ env: { PG_HA_STRATEGY: 'hosts' }, failoverWaitMs: 10_000, ...options });
  const sql = `SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE 'primary' END AS role, host(inet_server_addr()) AS host`;
  const seen = new Set<string>();
  try {
    await pool.query('SELECT 1');
    // The first read is answered as soon as anybody may; the others may take a moment longer to be heard of.
    await expect
      .poll(() => pool.health().members?.every(({ state }) => state !== 'unasked') ?? true)
      .toBe(true);
    for (let n = 0; n < 40; n++) {
      const { rows } = await pool.query<{ role: string; host: string }>(sql);
      seen.add(rows[0]?.[what] ?? 'nobody');
    }
  } finally {
    await pool.end();
  }
  return [...seen].toSorted();
}

describe('libpq’s target_session_attrs', () => {
  const rows: [attrs: string, roles: string[]][] = [
    ['primary', ['primary']],
    ['read-write', ['primary']],
    ['standby', ['standby']],
    ['read-only', ['standby']],
    ['prefer-standby', ['standby']],
    ['any', ['primary', 'standby']],
  ];
  for (const [attrs, roles] of rows) {
    it(`${attrs} is answered by ${roles.join(' and ')}, whether it stands in the URL or in PGTARGETSESSIONATTRS`, async () => {
      const inUrl = { connectionString: url(`target_session_attrs=${attrs}`) };
      expect(await answering(inUrl, 'role')).toEqual(roles);
      const env = { PG_HA_STRATEGY: 'hosts', PGTARGETSESSIONATTRS: attrs, DATABASE_URL: url('') };
      expect(await answering({ env }, 'role')).toEqual(roles);
    });
  }

  it('read-only is answered by a primary too whose sessions may not write unless they ask', async () => {
    const status = await held.lab.status();
    const { postgres } = held.lab.description;
    const primary = postgres?.members.find(({ name }) => name === status.postgres?.primary);
    if (!primary || !postgres) throw new Error('the lab has no primary');
    const pool = new HaPool({ env: { PG_HA_STRATEGY: 'hosts', DATABASE_URL: url('') } });
    await pool.query(`ALTER ROLE ${postgres.user} SET default_transaction_read_only = on`);
    try {
      const attrs = { connectionString: url('target_session_attrs=read-only') };
      expect(await answering(attrs, 'role')).toEqual(['primary', 'standby']);
    } finally {
      await pool.query({ text: `BEGIN READ WRITE; ALTER ROLE ${postgres.user} RESET ALL; COMMIT` });
      await pool.end();
    }
  });

  it('prefer-standby is content with the primary where it is alone', async () => {
    const status = await held.lab.status();
    const primary = held.lab.description.postgres?.members.find(
      ({ name }) => name === status.postgres?.primary,
    );
    const only = (): string => `${primary?.host}:${primary?.port},127.0.0.1:1`;
    const members = held.lab.description.postgres?.members ?? [];
    const alone = (each: { host: string; port: number }): string =>
      each === members[0] ? only() : '127.0.0.1:2';
    const attrs = { connectionString: url('target_session_attrs=prefer-standby', alone) };
    expect(await answering(attrs, 'role')).toEqual(['primary']);
    const nobody = { connectionString: url('target_session_attrs=standby', alone), failoverWaitMs: 700 };
    await expect(answering(nobody, 'role')).rejects.toMatchObject({
      code: 'HA_NO_REPLICA',
      outcome: 'notSent',
    });
  });
});

describe('libpq’s load_balance_hosts', () => {
  it('random spreads over all, disable takes the first that is listed', async () => {
    const any = 'target_session_attrs=any&load_balance_hosts=';
    expect(await answering({ connectionString: url(`${any}random`) }, 'host')).toHaveLength(3);
    const [first] = held.lab.description.postgres?.members ?? [];
    expect(await answering({ connectionString: url(`${any}disable`) }, 'host')).toEqual([first?.host]);
    const env = { PG_HA_STRATEGY: 'hosts', PGLOADBALANCEHOSTS: 'disable', DATABASE_URL: url('') };
    expect(await answering({ env, targetSessionAttrs: 'any' }, 'host')).toEqual([first?.host]);
  });
});
