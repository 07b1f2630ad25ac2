/** Messages of a PostgreSQL server. https://www.postgresql.org/docs/current/protocol-message-formats.html */

export interface ServerError {
  readonly sqlstate: string;
  readonly message: string;
  /** default ERROR */
  readonly severity?: string;
  /** what the server's language has for it (default: English) */
  readonly word?: string;
  /** the routine of the server's source that raises it */
  readonly routine?: string;
}

/** A message: its letter, its length, its body. */
export function message(letter: string, ...body: readonly (string | number | Buffer)[]): Buffer {
  const parts = body.map((part) => (typeof part === 'number' ? int32(part) : bytesOf(part)));
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(letter, 'latin1'), int32(length), ...parts]);
}

export const authenticationOk = (): Buffer => message('R', 0);
export const parameterStatus = (name: string, value: string): Buffer => message('S', name, value);
export const backendKeyData = (pid: number, key: number): Buffer => message('K', pid, key);
export const readyForQuery = (status: string): Buffer => message('Z', Buffer.from(status, 'latin1'));
export const commandComplete = (tag: string): Buffer => message('C', tag);
export const errorResponse = (error: ServerError): Buffer => message('E', fields(error, 'ERROR'));
export const noticeResponse = (notice: ServerError): Buffer => message('N', fields(notice, 'WARNING'));
export const parseComplete = (): Buffer => message('1');
export const bindComplete = (): Buffer => message('2');
export const noData = (): Buffer => message('n');

/** Columns of type text. */
export function rowDescription(names: readonly string[]): Buffer {
  const columns = names.map((name) =>
    Buffer.concat([bytesOf(name), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)]),
  );
  return message('T', int16(names.length), ...columns);
}

export function dataRow(values: readonly (string | null)[]): Buffer {
  const cells = values.map((value) => {
    if (value === null) return int32(-1);
    const bytes = Buffer.from(value);
    return Buffer.concat([int32(bytes.length), bytes]);
  });
  return message('D', int16(values.length), ...cells);
}

function fields({ sqlstate, message: text, severity, word, routine }: ServerError, usual: string): Buffer {
  const level = severity ?? usual;
  const all = [
    ['S', word ?? level],
    ['V', level],
    ['C', sqlstate],
    ['M', text],
    ...(routine ? [['R', routine]] : []),
  ];
  return Buffer.concat([...all.map(([letter, value]) => bytesOf(`${letter}${value}`)), Buffer.alloc(1)]);
}

/** Text ends with a zero byte. */
function bytesOf(part: string | Buffer): Buffer {
  return typeof part === 'string' ? Buffer.from(`${part}\0`) : part;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
