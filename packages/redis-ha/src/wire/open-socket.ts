import { isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { carriedBy, endpointKey, openTcp, type Clock, type Endpoint } from '@steadfast/shared';

export interface SocketOptions {
  endpoint: Endpoint;
  /** undefined: plain TCP */
  tls: ConnectionOptions | undefined;
  timeoutMs: number;
  clock: Clock;
  /** 4, 6 or 0 for either */
  family?: number | undefined;
  /** how the host is found; where unset, by the system */
  lookup?: LookupFunction | undefined;
  /** see {@link openTcp} */
  alone?: boolean | undefined;
  /** ends the attempt, and with it the socket */
  signal?: AbortSignal | undefined;
}

/**
 * Opens a socket, through the TLS handshake where one is asked for, and resolves when it can be written to.
 * @throws the socket's own error, or one that says how long was waited
 */
export async function openSocket(options: SocketOptions): Promise<Socket> {
  const { endpoint, tls, timeoutMs, clock, signal, alone } = options;
  const { host, port } = endpoint;
  const end = new AbortController();
  let missing = 'did not take a connection';
  const late = (): void => end.abort(new Error(`${endpointKey(endpoint)} ${missing} within ${timeoutMs} ms`));
  const onAbort = (): void => end.abort(new Error('the dial was given up'));
  const timer = clock.timer(timeoutMs, late);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const { family, lookup } = options;
    const address = { host, port, ...(family ? { family } : {}), ...(lookup ? { lookup } : {}) };
    const socket = await openTcp({ address, clock, signal: end.signal, alone });
    // A server that speaks no TLS waits for the end of what it takes for a command.
    missing = 'took the connection, but did not finish a TLS handshake (does this port speak TLS?)';
    return tls ? await secure(socket, endpoint, tls, end.signal) : socket;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

function secure(
  plain: Socket,
  endpoint: Endpoint,
  tls: ConnectionOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const { host } = endpoint;
  return new Promise((resolve, reject) => {
    const socket = encrypt(plain, { host, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls });
    carriedBy(socket, plain);
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('close', onClose);
      if (!error) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => settle(signal.reason as Error);
    const onClose = (): void => settle(new Error(`${endpointKey(endpoint)} closed the connection at once`));
    // This listener stays for the socket's life: an error that nobody hears would end the process.
    socket.on('error', settle);
    socket.once('close', onClose);
    socket.once('secureConnect', () => settle());
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** @throws what is wrong with the settings; the socket is ended then */
function encrypt(plain: Socket, options: ConnectionOptions): TLSSocket {
  try {
    return connectTls({ ...options, socket: plain });
  } catch (error) {
    plain.destroy();
    throw error;
  }
}
