import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A certificate that vouches for itself, and its key. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  remove(): Promise<void>;
}

/** @param names whom it is for, as openssl writes them */
export async function createTestCertificate(names = 'DNS:localhost,IP:127.0.0.1'): Promise<TestCertificate> {
  const folder = await mkdtemp(path.join(tmpdir(), 'steadfast-certificate-'));
  const certFile = path.join(folder, 'server.crt');
  const keyFile = path.join(folder, 'server.key');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', keyFile];
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${names}`];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-days',
    '2',
    ...newKey,
    '-out',
    certFile,
    ...subject,
  ]);
  const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
  return { certFile, keyFile, cert, key, remove: () => rm(folder, { recursive: true, force: true }) };
}
