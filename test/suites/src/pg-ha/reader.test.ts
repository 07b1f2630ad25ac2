import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HaPool, outcomeOf, type Superseded } from '@steadfast/pg-ha';
import { withLab } from '../support/with-lab.ts';
import { startWriters, type Writers } from '../support/writers.ts';

const held = withLab({ redis: false, managed: false, pgbouncer: false });

/** Says which server has answered. */
const WHO = 'SELECT host(inet_server_addr()) AS host, pg_is_in_recovery() AS standby';
interface Who {
  host: string;
  standby: boolean;
}

let pool: HaPool;

beforeAll(async () => {
  pool = new HaPool({ env: held.lab.env({ postgres: 'patroni' }), failoverWaitMs: 60_000 });
  await pool.query('CREATE TABLE facts (id text)');
}, 60_000);
afterAll(() => pool.end());

/** Runs SQL on one member as superuser. */
async function onMember(name: string, sql: string): Promise<pg.QueryResult> {
  const { postgres } = held.lab.description;
  const member = postgres?.members.find((each) => each.name === name);
  if (!postgres || !member) throw new Error(`the lab has no member ${name}`);
  const client = new pg.Client({
    host: member.host,
    port: member.port,
    user: postgres.superuser,
    password: postgres.superuserPassword,
    database: postgres.database,
  });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Patroni resumes a replay that it finds paused, at each of its rounds: whoever wants it paused has to say so again. */
async function pauseReplay(members: readonly { name: string }[]): Promise<void> {
  for (const { name } of members) await onMember(name, 'SELECT pg_wal_replay_pause()');
}

async function standbys(): Promise<{ name: string; host: string }[]> {
  const { postgres } = await held.lab.status();
  const members = held.lab.description.postgres?.members ?? [];
  return members.filter(({ name }) => name !== postgres?.primary).map(({ name, host }) => ({ name, host }));
}

/** The servers that answer `count` reads, one after the other. */
async function askers(reader: HaPool, count = 30): Promise<Set<string>> {
  await reader.query('SELECT 1');
  // The first read is answered as soon as anybody may; the others may take a moment longer to be heard of.
  await expect.poll(() => reader.health().members?.every(({ state }) => state !== 'unasked')).toBe(true);
  const hosts = new Set<string>();
  for (let n = 0; n < count; n++) {
    const { rows } = await reader.query<Who>(WHO);
    hosts.add(`${rows[0]?.standby ? 'standby' : 'primary'} ${rows[0]?.host}`);
  }
  return hosts;
}

function outcomes(writers: Writers): Set<string> {
  return new Set(writers.writes.map(({ outcome }) => outcome));
}

describe('the reader', () => {
  it('is a pg.Pool whose reads are answered by every standby, and by nobody else', async () => {
    const { reader } = pool;
    expect(reader).toBeInstanceOf(pg.Pool);
    expect(pool.reader).toBe(reader);
    expect(reader.reader).toBe(reader);
    const hosts = (await standbys()).map(({ host }) => `standby ${host}`);
    expect([...(await askers(reader))].sort()).toEqual(hosts.sort());
    expect(reader.totalCount).toBeGreaterThan(0);
    expect(reader.totalCount).toBe(reader.idleCount);
    expect(reader.health()).toMatchObject({ ready: true, members: expect.any(Array) as unknown[] });
  });

  it('refuses a write wherever it lands, by an error that says so', async () => {
    const write = "INSERT INTO facts VALUES ('x')";
    const expected = { code: 'HA_READ_ONLY', outcome: 'rejected' };
    await expect(pool.reader.query(write)).rejects.toMatchObject(expected);
    await expect(pool.reader.transaction((client) => client.query(write))).rejects.toMatchObject(expected);
    const any = new HaPool({ env: held.lab.env({ postgres: 'hosts' }), targetSessionAttrs: 'any' });
    for (let n = 0; n < 10; n++) await expect(any.query(write)).rejects.toMatchObject(expected);
    await any.end();
  });

  it('runs transactions, cursors’ clients and callbacks as a pool does', async () => {
    const standby = await pool.reader.transaction(
      async (client) => (await client.query<Who>(WHO)).rows[0]?.standby,
    );
    expect(standby).toBe(true);
    const client = await pool.reader.connect();
    expect((await client.query<Who>(WHO)).rows[0]?.standby).toBe(true);
    expect(pool.reader.totalCount - pool.reader.idleCount).toBe(1);
    client.release();
    const rows = await new Promise<Who[]>((resolve, reject) => {
      pool.reader.query(WHO, (error: Error | undefined, result: pg.QueryResult<Who>) =>
        error ? reject(error) : resolve(result.rows),
      );
    });
    expect(rows).toHaveLength(1);
  });

  it('asks no standby that is too far behind, and asks it again when it has caught up', async () => {
    const [slow, other] = await standbys();
    if (!slow || !other) throw new Error('the lab has fewer than two standbys');
    const bounded = new HaPool({
      env: held.lab.env({ postgres: 'patroni' }),
      targetSessionAttrs: 'standby',
      maxLagBytes: 100_000,
      readerRefreshMs: 50,
    });
    try {
      expect((await askers(bounded)).size).toBe(2);
      const answering = async (): Promise<Set<string>> => {
        await pauseReplay([slow]);
        await pool.query("INSERT INTO facts SELECT repeat('x', 1000) FROM generate_series(1, 500)");
        await new Promise((resolve) => setTimeout(resolve, 150)); // a look or two
        return askers(bounded, 10);
      };
      await expect.poll(answering, { timeout: 10_000 }).toEqual(new Set([`standby ${other.host}`]));
      await onMember(slow.name, 'SELECT pg_wal_replay_resume()');
      await expect.poll(async () => (await askers(bounded)).size, { timeout: 10_000 }).toBe(2);
    } finally {
      await onMember(slow.name, 'SELECT pg_wal_replay_resume()');
      await bounded.end();
    }
  });

  it('keeps asking idle standbys that are up to date, however long nothing is written', async () => {
    const bounded = new HaPool({
      env: held.lab.env({ postgres: 'patroni' }),
      targetSessionAttrs: 'standby',
      maxLagMs: 600,
      failoverWaitMs: 1_000,
    });
    try {
      await bounded.query('SELECT 1');
      await new Promise((resolve) => setTimeout(resolve, 1_500)); // nothing is written for longer than the bound
      expect((await askers(bounded)).size).toBe(2);
    } finally {
      await bounded.end();
    }
  });
});

describe('reading one’s own writes', () => {
  it('is answered by a standby that has got there, and by the primary where none does in time', async () => {
    const paused = await standbys();
    const text = 'SELECT count(*)::int AS n, pg_is_in_recovery() AS standby FROM facts WHERE id = $1';
    const read = async (id: string): Promise<{ n: number; standby: boolean } | undefined> => {
      await pool.query('INSERT INTO facts VALUES ($1)', [id]);
      const after = await pool.token();
      return (await pool.reader.query<{ n: number; standby: boolean }>({ text, values: [id], after }))
        .rows[0];
    };
    let byStandby = 0;
    for (let n = 0; n < 20; n++) {
      const row = await read(`own-${n}`);
      expect(row?.n).toBe(1);
      if (row?.standby) byStandby += 1;
    }
    expect(byStandby).toBeGreaterThan(10);
    try {
      let count = 0;
      const readPaused = async (): ReturnType<typeof read> => {
        await pauseReplay(paused);
        return read(`paused-${count++}`);
      };
      await expect.poll(readPaused, { timeout: 10_000 }).toEqual({ n: 1, standby: false });
    } finally {
      for (const { name } of paused) await onMember(name, 'SELECT pg_wal_replay_resume()');
    }
  });

  it('is answered by a standby also where the log has just gone on to its next file', async () => {
    const { postgres } = await held.lab.status();
    await onMember(postgres?.primary ?? '', 'SELECT pg_switch_wal()');
    const after = await pool.token();
    const patient = new HaPool({
      env: held.lab.env({ postgres: 'patroni' }),
      targetSessionAttrs: 'prefer-standby',
      tokenWaitMs: 5_000,
    });
    try {
      const { rows } = await patient.query({ text: 'SELECT pg_is_in_recovery() AS standby', after });
      expect(rows).toEqual([{ standby: true }]);
    } finally {
      await patient.end();
    }
  });

  it('waits for a primary as new as the token, and says so when there is none', async () => {
    const work = pool.reader.query({ text: 'SELECT 1', after: '99-1', deadlineMs: 500 });
    await expect(work).rejects.toMatchObject({ outcome: 'notSent' });
  });
});

describe('pain 7: while standbys fail', () => {
  it('a killed one and a frozen one cost no read an error', { timeout: 60_000 }, async () => {
    const [first, second] = await standbys();
    if (!first || !second) throw new Error('the lab has fewer than two standbys');
    const reads = startWriters(() => pool.reader.query('SELECT pg_sleep(0.01)'), 10);
    try {
      await reads.acknowledgedAfter(0, 5_000);
      const killed = await held.lab.fault('kill-postgres', { target: first.name });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await killed.heal();
      const frozen = await held.lab.fault('freeze-postgres', { target: second.name });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      await frozen.heal();
    } finally {
      await reads.stop(20_000);
    }
    expect(outcomes(reads)).toEqual(new Set(['ok']));
    const slowest = Math.max(...reads.writes.map(({ started, ended }) => ended - started));
    console.log(`${reads.writes.length} reads, the slowest took ${Math.round(slowest)} ms`);
    await held.lab.waitHealthy(60_000);
  });

  it('a statement cancelled for what has to be replayed is run elsewhere', async () => {
    const delay = async (sql: string): Promise<void> => {
      for (const { name } of await standbys()) {
        await onMember(name, `ALTER SYSTEM ${sql}`);
        await onMember(name, 'SELECT pg_reload_conf()');
      }
    };
    const sum = async (sql: string): Promise<number> => {
      const answers = await Promise.all((await standbys()).map(({ name }) => onMember(name, sql)));
      return answers.reduce((total, { rows }) => total + Number((rows as { n: number }[])[0]?.n), 0);
    };
    const conflicts = (): Promise<number> =>
      sum('SELECT sum(confl_snapshot) AS n FROM pg_stat_database_conflicts');
    const sleeping = (): Promise<number> =>
      sum("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    await delay("SET max_standby_streaming_delay = '50ms'");
    const before = await conflicts();
    await pool.query("INSERT INTO facts SELECT 'dead' FROM generate_series(1, 1000)");
    const slow = Array.from({ length: 4 }, () =>
      pool.reader.query<{ n: number }>(
        "SELECT count(*)::int AS n FROM facts, pg_sleep(2) WHERE id = 'dead' OR id = 'other'",
      ),
    );
    await expect.poll(sleeping).toBe(slow.length);
    await pool.query("DELETE FROM facts WHERE id = 'dead'");
    await pool.query('VACUUM facts');
    const results = await Promise.allSettled(slow);
    expect(results.map((result) => (result.status === 'rejected' ? outcomeOf(result.reason) : 'ok'))).toEqual(
      slow.map(() => 'ok'),
    );
    await expect.poll(conflicts).toBeGreaterThan(before);
    await delay('RESET max_standby_streaming_delay');
  });
});

describe('through a switchover', () => {
  it('no read fails, and each finds what was written before it', { timeout: 90_000 }, async () => {
    await held.lab.waitHealthy(60_000);
    const before = pool.health();
    const old = await pool.token();
    const superseded: Superseded[] = [];
    pool.reader.on('superseded', (news) => superseded.push(news));
    const missed: string[] = [];
    const own = startWriters(async (id) => {
      await pool.transaction((client) => client.query('INSERT INTO facts VALUES ($1)', [`s-${id}`]), {
        commitProof: false,
      });
      const after = await pool.token();
      const { rows } = await pool.reader.query<{ n: number }>({
        text: 'SELECT count(*)::int AS n FROM facts WHERE id = $1',
        values: [`s-${id}`],
        after,
      });
      if (rows[0]?.n !== 1) missed.push(id);
    }, 25);
    const reads = startWriters(() => pool.reader.query('SELECT 1'), 10);
    try {
      await own.acknowledgedAfter(0, 10_000);
      await held.lab.fault('switchover');
      await expect
        .poll(() => pool.health().generation, { timeout: 30_000 })
        .toBeGreaterThan(before.generation);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    } finally {
      await Promise.all([own.stop(20_000), reads.stop(20_000)]);
    }
    expect(outcomes(reads)).toEqual(new Set(['ok']));
    expect(missed).toEqual([]);
    expect(own.writes.filter(({ outcome }) => outcome === 'ok').length).toBeGreaterThan(20);
    // A token of before is still good, and what may have become of its write is told.
    superseded.length = 0;
    expect((await pool.reader.query({ text: 'SELECT 1', after: old })).rowCount).toBe(1);
    const { epoch } = pool.health();
    expect(superseded).toEqual([{ token: old, timeline: before.epoch, current: epoch }]);
    // The new primary's standbys answer again, and the old primary is one of them.
    await held.lab.waitHealthy(60_000);
    await pool.query("INSERT INTO facts VALUES ('after')");
    const hosts = (await standbys()).map(({ host }) => `standby ${host}`).sort();
    await expect
      .poll(async () => [...(await askers(pool.reader))].sort(), { timeout: 15_000 })
      .toEqual(hosts);
  });
});

describe('behind HAProxy', () => {
  it('reads go through its port for replicas, else through the one of the primary', async () => {
    const { haproxy } = held.lab.description.postgres ?? {};
    if (!haproxy) throw new Error('the lab has no HAProxy');
    const env = held.lab.env({ postgres: 'haproxy' });
    const readerHosts = `${haproxy.host}:${haproxy.replicaPort}`;
    const balanced = new HaPool({ env, readerHosts });
    expect([...(await askers(balanced.reader, 10))].every((who) => who.startsWith('standby'))).toBe(true);
    const after = await balanced.token();
    expect((await balanced.reader.query({ text: 'SELECT 1', after })).rowCount).toBe(1);
    await balanced.end();
    const alone = new HaPool({ env });
    expect([...(await askers(alone.reader, 3))].every((who) => who.startsWith('primary'))).toBe(true);
    await alone.end();
  });
});
