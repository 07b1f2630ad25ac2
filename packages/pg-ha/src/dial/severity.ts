/** An error as pg makes it: its length is that of the server's message. */
export interface ServerError {
  severity?: unknown;
  readonly length?: unknown;
}

const ENGLISH: ReadonlySet<unknown> = new Set(['ERROR', 'FATAL', 'PANIC']);
const FIELDS = /^S[^\0]*\0V([A-Z]+)\0/;
/** The longest translation is much shorter, bytes. */
const FIELDS_BYTES = 128;

/**
 * Gives an error its severity in English. The one that pg shows is translated by `lc_messages`; beside it stands another one,
 * field V, which pg drops: it is read from the bytes that the error has come in. Where its message came in two pieces it is not
 * found, and the SQLSTATE decides alone.
 * https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
export function untranslate(error: ServerError, bytes: Buffer | undefined): void {
  const { severity, length } = error;
  if (!bytes || typeof severity !== 'string' || typeof length !== 'number' || ENGLISH.has(severity)) return;
  const head = Buffer.alloc(6, 'ExxxxS');
  head.writeInt32BE(length, 1);
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    const fields = FIELDS.exec(bytes.toString('latin1', at + 5, at + 5 + FIELDS_BYTES));
    if (!fields || !ENGLISH.has(fields[1])) continue;
    error.severity = fields[1];
    return;
  }
}
