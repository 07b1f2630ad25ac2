import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeError } from '../errors/ha-error.ts';
import { wrongSetting } from './read-options.ts';
import type { Setting } from './setting.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const BEGIN = '-----BEGIN ';

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
  const found = text.match(CERTIFICATE) ?? [];
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

/** What to call a PEM setting in messages: its path, but never its text. */
export function shownPem(given: string): string {
  return given.includes(BEGIN) ? '(PEM text)' : given;
}

function pemText(what: string, given: string, allowed: string): { text: string; shown: string } {
  const shown = shownPem(given);
  // Many tools cannot put a line break into a variable, and write \n.
  if (shown !== given) return { text: given.replaceAll('\\n', '\n'), shown };
  try {
    return { text: readFileSync(given, 'utf8'), shown };
  } catch (error) {
    throw wrongSetting(what, shown, `${allowed} (${describeError(error)})`);
  }
}
