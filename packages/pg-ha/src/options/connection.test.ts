import { endpointKey } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { readPoolOptions, type HaPoolOptions, type PoolSettings } from './pool-options.ts';

const read = (env: Record<string, string>, options: HaPoolOptions = {}): PoolSettings =>
  readPoolOptions({ ...options, env });

describe('host and port are found where libpq finds them', () => {
  const rows: [env: Record<string, string>, endpoints: string][] = [
    [{ DATABASE_URL: 'postgres://u@%2Fvar%2Frun%2Fpostgresql:5433/db' }, '/var/run/postgresql:5433'],
    [{ DATABASE_URL: 'postgres://u@%2Fvar%2Frun%2Fpostgresql/db' }, '/var/run/postgresql:5432'],
    [{ DATABASE_URL: 'postgres://u@%2Fa:5433,h2:6000,%2Fb/db' }, '/a:5433 h2:6000 /b:5432'],
    [{ DATABASE_URL: 'postgres:///db', PGHOST: 'db1', PGPORT: '6000' }, 'db1:6000'],
    [{ DATABASE_URL: 'postgres://u@db1/db', PGHOST: 'other', PGPORT: '6000' }, 'db1:6000'],
    [{ DATABASE_URL: 'postgres://u@db1:5000/db', PGPORT: '6000' }, 'db1:5000'],
    [{ POSTGRES_USERNAME: 'app', PGHOST: 'db1', PGPORT: '6000' }, 'db1:6000'],
    [{ POSTGRES_HOST: 'db1', POSTGRES_PORT: '5000', PGHOST: 'other', PGPORT: '6000' }, 'db1:5000'],
    [{ DATABASE_URL: 'postgres:///db' }, 'localhost:5432'],
  ];
  it.each(rows)('%o', (env, endpoints) => {
    expect(read(env).connection.endpoints.map(endpointKey).join(' ')).toBe(endpoints);
  });

  it('and who is wrong is named', () => {
    expect(() => read({ DATABASE_URL: 'postgres:///db', PGHOST: 'db1', PGPORT: 'x' })).toThrow(
      /^PGHOST and PGPORT is/,
    );
    expect(() => read({ DATABASE_URL: 'postgres://db1:x/db', PGHOST: 'db2' })).toThrow(
      /^DATABASE_URL host and port is/,
    );
  });
});

describe('who logs in may stand among the parameters of a URL', () => {
  it('which win over what stands before the host', () => {
    const { pool } = read({ DATABASE_URL: 'postgres:///db?host=h&user=app&password=p%40ss' });
    expect(pool).toMatchObject({ host: 'h', user: 'app', password: 'p@ss', database: 'db' });
    const both = read({ DATABASE_URL: 'postgres://a:b@h/db?user=app&password=x&dbname=inbox' });
    expect(both.pool).toMatchObject({ user: 'app', password: 'x', database: 'inbox' });
  });

  it.each([
    'postgres:///db?user=a@b&password=secret',
    'postgres://h:x/db?password=secret',
    'nothing?a@password=secret',
  ])('and nothing of %s is shown where that is wrong', (url) => {
    expect(() => read({ DATABASE_URL: url })).toThrow(/^DATABASE_URL (?!.*secret)/);
  });
});

describe('what a URL and the environment say of TLS and of time', () => {
  it('PGSSLNEGOTIATION=direct alone turns TLS on, as in the URL', () => {
    const { pool } = read({ PGHOST: 'db', PGSSLNEGOTIATION: 'direct' });
    expect(pool).toMatchObject({ sslnegotiation: 'direct', ssl: { minVersion: 'TLSv1.2' } });
    const url = { DATABASE_URL: 'postgres://db/x?sslnegotiation=postgres', PGSSLNEGOTIATION: 'direct' };
    expect(read(url).pool).toMatchObject({ sslnegotiation: 'postgres', ssl: false });
    expect(() => read({ PGSSLNEGOTIATION: 'fast' })).toThrow(
      /^PGSSLNEGOTIATION is 'fast'; allowed: postgres, direct/,
    );
  });

  it('the URL’s statement_timeout wins over the environment’s, and options over both', () => {
    const env = { DATABASE_URL: 'postgres://db/x?statement_timeout=5000', POSTGRES_STATEMENT_TIMEOUT: '14s' };
    expect(read(env).pool).toMatchObject({ statement_timeout: '5000' });
    expect(read(env, { statementTimeoutMs: 7_000 }).pool).toMatchObject({ statement_timeout: 7_000 });
    expect(read(env, { statement_timeout: 8_000 }).pool).toMatchObject({ statement_timeout: 8_000 });
    expect(read({ ...env, PG_HA_POOLER: 'true' }).pooler).toMatchObject({ statementTimeoutMs: 5_000 });
  });
});
