import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { readPoolOptions, type HaPoolOptions } from './pool-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'pg-ha-ssl-'));
const ca = join(folder, 'ca.pem');
const key = join(folder, 'key.pem');
const [pem = ''] = rootCertificates;
const PRIVATE_KEY = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
writeFileSync(ca, pem);
writeFileSync(key, '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----');
afterAll(() => rmSync(folder, { recursive: true }));

const pool = (query: string, env: Record<string, string> = {}, options: HaPoolOptions = {}): unknown =>
  readPoolOptions({ env: { DATABASE_URL: `postgres://a@db/x?${query}`, ...env }, ...options }).pool;
const VERIFIED = { ssl: { minVersion: 'TLSv1.2' } };

describe('without sslmode', () => {
  const rows: [query: string, env: Record<string, string>, options: HaPoolOptions][] = [
    [`sslrootcert=${ca}`, {}, {}],
    [`sslcert=${ca}&sslkey=${key}`, {}, {}],
    [`sslkey=${key}`, {}, {}],
    ['sslnegotiation=direct', {}, {}],
    ['', { PGSSLROOTCERT: ca }, {}],
    ['', { PGSSLCERT: ca, PGSSLKEY: key }, {}],
    ['', {}, { sslnegotiation: 'direct' }],
  ];
  it.each(rows)('%s %o %o turns TLS on, verified in full', (query, env, options) => {
    expect(pool(query, env, options)).toMatchObject(VERIFIED);
    expect(pool(query, env, options)).not.toHaveProperty('ssl.checkServerIdentity');
    expect(pool(query, env, options)).not.toHaveProperty('ssl.rejectUnauthorized');
  });

  it.each(['', 'sslnegotiation=postgres', 'sslrootcert='])('%s leaves it off', (query) => {
    expect(pool(query, { PGSSLROOTCERT: '' })).toMatchObject({ ssl: false });
  });

  it('whoever says that there is none is believed', () => {
    expect(pool('sslmode=disable', { PGSSLROOTCERT: ca })).toMatchObject({ ssl: false });
    expect(pool(`sslrootcert=${ca}`, { PGSSLMODE: 'disable' })).toMatchObject({ ssl: false });
    expect(pool('', { PGSSLROOTCERT: ca }, { ssl: false })).toMatchObject({ ssl: false });
  });
});

describe('an object with a client certificate', () => {
  it('keeps its key, also where stock pg has hidden that from whoever prints it', () => {
    const ssl = { ca: pem, key: PRIVATE_KEY };
    Object.defineProperty(ssl, 'key', { enumerable: false });
    expect(pool('', {}, { ssl })).toMatchObject({ ssl: { ca: pem, key: PRIVATE_KEY } });
  });
});

describe('sslnegotiation', () => {
  it('reaches pg', () => {
    expect(pool('sslnegotiation=direct')).toMatchObject({ sslnegotiation: 'direct' });
  });

  const refused: [query: string, options: HaPoolOptions, message: string][] = [
    ['sslnegotiation=fast', {}, "sslnegotiation (DATABASE_URL) is 'fast'; allowed: postgres, direct"],
    [
      'sslnegotiation=direct&sslmode=disable',
      {},
      "sslnegotiation is 'direct'; allowed: postgres, or not set",
    ],
    ['sslnegotiation=direct', { ssl: false }, 'where TLS is turned off (option ssl)'],
  ];
  it.each(refused)('%s %o is refused: pg would end every dial with it', (query, options, message) => {
    expect(() => pool(query, {}, options)).toThrow(message);
    expect(() => pool(query, {}, options)).toThrow(expect.objectContaining({ code: 'HA_CONFIG' }));
  });
});
