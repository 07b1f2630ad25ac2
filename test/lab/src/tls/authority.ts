import { constants } from 'node:fs';
import { access, chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { caConfig, extensionsFor, openSslDate, type CertificateNames } from './ca-config.ts';
import { openssl } from './openssl.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 30;
/** EC, because a handshake with it costs a fraction of one with RSA. */
const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc';
/** Certificates begin a little in the past, so that no clock of another process finds them not yet valid. */
const BACKDATE_MS = 60 * 60 * 1000;

export interface CertificateRequest extends CertificateNames {
  /** Validity from now, in days. Default 30. */
  days?: number;
  /** Exact end of validity; may lie in the past, which makes an expired certificate. Wins over `days`. */
  notAfter?: Date;
  /** A client's certificate (extended key usage clientAuth) in place of a server's. Default false. */
  clientAuth?: boolean;
  /** Name of the files without their ending. Default: commonName. Issuing the same name again replaces both files. */
  file?: string;
  /** Owner of the key file, e.g. the uid of `postgres`; the key stays readable by nobody else. Needs root. */
  owner?: { uid: number; gid: number };
}

export interface Certificate {
  certFile: string;
  keyFile: string;
  caFile: string;
}

/** A certificate authority of the lab's own: EC P-256, files in one folder. */
export class Authority {
  readonly dir: string;
  readonly caFile: string;
  readonly #caKeyFile: string;

  constructor(dir: string) {
    this.dir = resolve(dir);
    this.caFile = join(this.dir, 'ca.crt');
    this.#caKeyFile = join(this.dir, 'ca.key');
  }

  /** Makes a key and a certificate signed by this authority. May be called many times at once. */
  async issue(request: CertificateRequest): Promise<Certificate> {
    const file = request.file ?? request.commonName;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file)) {
      throw new Error(`certificate file name '${file}': allowed are letters, digits, '.', '_' and '-'`);
    }
    const notAfter = request.notAfter ?? new Date(Date.now() + (request.days ?? DEFAULT_DAYS) * DAY_MS);
    const notBefore = new Date(Math.min(Date.now() - BACKDATE_MS, notAfter.getTime() - DAY_MS));
    const certFile = join(this.dir, `${file}.crt`);
    const keyFile = join(this.dir, `${file}.key`);
    // `openssl ca` keeps a database: a folder of its own for each call lets calls run side by side.
    const work = await mkdtemp(join(this.dir, '.issue-'));
    try {
      await writeFile(join(work, 'index.txt'), '');
      await writeFile(join(work, 'ca.cnf'), caConfig(work));
      await writeFile(join(work, 'extensions.cnf'), extensionsFor(request, request.clientAuth ?? false));
      await this.#sign(work, request.commonName, notBefore, notAfter);
      if (request.owner) await chown(join(work, 'new.key'), request.owner.uid, request.owner.gid);
      // A rename replaces whole files: a server that reloads in between never reads half of one.
      await rename(join(work, 'new.key'), keyFile);
      await rename(join(work, 'new.crt'), certFile);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return { certFile, keyFile, caFile: this.caFile };
  }

  async #sign(work: string, commonName: string, notBefore: Date, notAfter: Date): Promise<void> {
    const keyFile = join(work, 'new.key');
    const requestFile = join(work, 'new.csr');
    const config = join(work, 'ca.cnf');
    const out = join(work, 'new.crt');
    const subj = subject(commonName);
    await openssl(`req -new ${NEW_KEY}`, { config, subj, keyout: keyFile, out: requestFile });
    await chmod(keyFile, 0o600);
    await openssl('ca -batch -notext', {
      config,
      extfile: join(work, 'extensions.cnf'),
      cert: this.caFile,
      keyfile: this.#caKeyFile,
      in: requestFile,
      out,
      startdate: openSslDate(notBefore),
      enddate: openSslDate(notAfter),
    });
    await chmod(out, 0o644);
  }
}

/**
 * Makes a new authority in a folder (made when missing). An authority already there is replaced.
 * A second one in another folder is a foreign authority, as a man in the middle would have.
 */
export async function createAuthority(dir: string, commonName = 'Steadfast lab CA'): Promise<Authority> {
  await mkdir(dir, { recursive: true });
  const work = await mkdtemp(join(dir, '.create-'));
  try {
    const config = join(work, 'ca.cnf');
    await writeFile(config, caConfig(work));
    const [key, cert] = [join(work, 'ca.key'), join(work, 'ca.crt')];
    await openssl(`req -x509 -days 365 -extensions authority ${NEW_KEY}`, {
      config,
      subj: subject(commonName),
      keyout: key,
      out: cert,
    });
    await chmod(key, 0o600);
    await chmod(cert, 0o644);
    await rename(key, join(dir, 'ca.key'));
    await rename(cert, join(dir, 'ca.crt'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return new Authority(dir);
}

/** Opens the authority another process made in this folder. */
export async function openAuthority(dir: string): Promise<Authority> {
  for (const file of ['ca.crt', 'ca.key']) await access(join(dir, file), constants.R_OK);
  return new Authority(dir);
}

function subject(commonName: string): string {
  return `/CN=${commonName.replaceAll('\\', '\\\\').replaceAll('/', '\\/')}`;
}
