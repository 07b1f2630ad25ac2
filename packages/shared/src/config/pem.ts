import { X509Certificate } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { describeError } from '../errors/ha-error.ts';
import { wrongSetting } from './read-options.ts';
import type { Setting } from './setting.ts';

const CERTIFICATE = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'] as const;
const BEGIN = '-----BEGIN ';
/** The bundle of a whole system has a quarter of it. */
const MAX_BYTES = 1_048_576;

/** A PEM file by its path, or what would stand in it: what is given to a container is often the text itself. */
export function pemSetting(holds: string): Setting<string> {
  return {
    allowed: `the path of a PEM file, or PEM text, with ${holds}`,
    read: (raw) => (typeof raw === 'string' && raw !== '' ? raw : undefined),
  };
}

/**
 * Certificates in PEM, all of them: the bundles of providers hold several.
 * @throws HaError HA_CONFIG naming the setting, the path and what is wrong with it; text is never shown
 */
export function readCertificates(what: string, given: string): string {
  const allowed = 'the path of a readable PEM file, or PEM text, with at least one certificate';
  const { text, shown } = pemText(what, given, allowed);
  const found = certificatesIn(text);
  if (found.length === 0) throw wrongSetting(what, shown, `${allowed}, and this holds none`);
  for (const [index, certificate] of found.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch {
      throw wrongSetting(
        what,
        shown,
        `${allowed}, and number ${index + 1} of ${found.length} cannot be read`,
      );
    }
  }
  return found.join('\n');
}

/**
 * A private key in PEM.
 * @throws HaError HA_CONFIG naming the setting and the path; the key is never shown
 */
export function readKey(what: string, given: string): string {
  const allowed = 'the path of a readable PEM file, or PEM text, with a private key';
  const { text, shown } = pemText(what, given, allowed);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return text;
  throw wrongSetting(what, shown, `${allowed}, and this holds none`);
}

/** What to call a PEM setting that could be read: its path, but never its text. */
export function shownPem(given: string): string {
  return given.includes(BEGIN) ? '(PEM text)' : given;
}

/** What leads to no file may be a key without its first line, or a whole one in base64. */
function mayBeKey(given: string): boolean {
  const mixed = /[A-Z]/.test(given) && /[a-z]/.test(given) && /\d/.test(given);
  return (
    given.includes('----') || given.includes('\n') || given.length > 1_024 || (given.length >= 40 && mixed)
  );
}

/** From each beginning to the next end. */
function certificatesIn(text: string): string[] {
  const [begin, end] = CERTIFICATE;
  const found: string[] = [];
  for (let from = text.indexOf(begin); from !== -1;) {
    const to = text.indexOf(end, from);
    if (to === -1) break;
    found.push(text.slice(from, to + end.length));
    from = text.indexOf(begin, to);
  }
  return found;
}

function pemText(what: string, given: string, allowed: string): { text: string; shown: string } {
  const shown = shownPem(given);
  // Many tools cannot put a line break into a variable, and write \n.
  if (shown !== given) return { text: given.replaceAll('\\n', '\n'), shown };
  try {
    return { text: readAtMost(given, MAX_BYTES), shown };
  } catch (error) {
    const [as, why] = mayBeKey(given)
      ? ['(hidden: neither PEM text nor a path)', 'it cannot be read as a file']
      : [shown, describeError(error)];
    throw wrongSetting(what, as, `${allowed} (${why})`);
  }
}

/** A path may lead to a pipe, or to a device that has no end. */
function readAtMost(path: string, bytes: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size <= bytes; size += read)
      read = readSync(file, buffer, size, buffer.length - size, null);
    if (size > bytes) throw new Error(`it holds more than ${bytes} bytes`);
    return buffer.toString('utf8', 0, size);
  } finally {
    closeSync(file);
  }
}
