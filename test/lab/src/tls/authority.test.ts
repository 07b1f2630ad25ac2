import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, openAuthority, type Authority, type Certificate } from './authority.ts';

const run = promisify(execFile);
let dir: string;
let authority: Authority;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'steadfast-tls-'));
  authority = await createAuthority(join(dir, 'ca'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Serves one greeting over TLS and returns what a client with these options makes of it. */
async function greet(
  server: Certificate,
  client: tls.ConnectionOptions,
  clientCaFile?: string,
): Promise<string> {
  const options: tls.TlsOptions = {
    cert: await readFile(server.certFile),
    key: await readFile(server.keyFile),
  };
  if (clientCaFile !== undefined) {
    Object.assign(options, { requestCert: true, rejectUnauthorized: true, ca: await readFile(clientCaFile) });
  }
  const listener = tls.createServer(options, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.end('hello');
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    return await new Promise((resolve) => {
      const socket = tls.connect({ port, host: '127.0.0.1', servername: 'db.lab', ...client });
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    listener.close();
  }
}

describe('a certificate of the lab authority', () => {
  it('lets a client verify the server by hostname', async () => {
    const server = await authority.issue({ commonName: 'db', hostnames: ['db.lab'], ips: ['127.0.0.1'] });
    expect(await greet(server, { ca: await readFile(server.caFile) })).toBe('hello');
    const other = { ca: await readFile(server.caFile), servername: 'other.lab' };
    expect(await greet(server, other)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('can be expired already, and is refused as that', async () => {
    const notAfter = new Date(Date.now() - 3_600_000);
    const server = await authority.issue({ commonName: 'expired', hostnames: ['db.lab'], notAfter });
    expect(await greet(server, { ca: await readFile(server.caFile) })).toBe('CERT_HAS_EXPIRED');
  });

  it('is refused when a foreign authority made it', async () => {
    const foreign = await createAuthority(join(dir, 'foreign'), 'Foreign CA');
    const server = await foreign.issue({ commonName: 'db', hostnames: ['db.lab'] });
    expect(await greet(server, { ca: await readFile(authority.caFile) })).toBe(
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
  });

  it('identifies a client to a server that asks for it', async () => {
    const server = await authority.issue({ commonName: 'db', hostnames: ['db.lab'] });
    const client = await authority.issue({ commonName: 'app', clientAuth: true });
    const ca = await readFile(authority.caFile);
    const known = { ca, cert: await readFile(client.certFile), key: await readFile(client.keyFile) };
    expect(await greet(server, known, authority.caFile)).toBe('hello');
    expect(await greet(server, { ca }, authority.caFile)).not.toBe('hello');
  });

  it('has a key that only its owner reads, and verifies with openssl too', async () => {
    const server = await authority.issue({ commonName: 'db', file: 'member1', hostnames: ['db.lab'] });
    expect((await stat(server.keyFile)).mode & 0o777).toBe(0o600);
    const { stdout } = await run('openssl', ['verify', '-CAfile', server.caFile, server.certFile]);
    expect(stdout).toContain('OK');
  });

  it('is issued side by side and by an authority opened again, each with its own serial number', async () => {
    const again = await openAuthority(join(dir, 'ca'));
    const made = await Promise.all(
      [1, 2, 3].map((n) => again.issue({ commonName: `m${n}`, hostnames: [`m${n}.lab`], days: 2 })),
    );
    const read = await Promise.all(
      made.map(async (each) => new X509Certificate(await readFile(each.certFile))),
    );
    expect(new Set(read.map((each) => each.serialNumber)).size).toBe(3);
    const end = Date.parse(read[0]?.validTo ?? '');
    expect(Math.abs(end - Date.now() - 2 * 86_400_000)).toBeLessThan(60_000);
  });

  it('needs a name to be good for', async () => {
    await expect(authority.issue({ commonName: 'nameless' })).rejects.toThrow(
      'at least one of hostnames, ips',
    );
    await expect(authority.issue({ commonName: 'a/b', hostnames: ['x'] })).rejects.toThrow("file name 'a/b'");
  });
});
