import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { endpointKey, type Clock, type Endpoint } from '@steadfast/shared';

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
  /** ends the attempt, and with it the socket */
  signal?: AbortSignal | undefined;
}

/**
 * Opens a socket, through the TLS handshake where one is asked for, and resolves when it can be written to.
 * @throws the socket's own error, or one that says how long was waited
 */
export function openSocket(options: SocketOptions): Promise<Socket> {
  const { endpoint, tls, timeoutMs, clock, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Error('the dial was given up'));
    const socket = start(options);
    const settle = (error?: Error): void => {
      timer.cancel();
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('close', onClose);
      if (!error) return resolve(socket);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => settle(new Error('the dial was given up'));
    const onClose = (): void => settle(new Error(`${endpointKey(endpoint)} closed the connection at once`));
    const late = (): Error =>
      new Error(`${endpointKey(endpoint)} ${missing(socket, tls)} within ${timeoutMs} ms`);
    const timer = clock.timer(timeoutMs, () => settle(late()));
    signal?.addEventListener('abort', onAbort, { once: true });
    // This listener stays for the socket's life: an error that nobody hears would end the process.
    socket.on('error', settle);
    socket.once('close', onClose);
    socket.once(tls ? 'secureConnect' : 'connect', () => settle());
  });
}

/** What did not happen. A server that speaks no TLS waits for the end of what it takes for a command. */
function missing(socket: Socket, tls: ConnectionOptions | undefined): string {
  if (tls && !socket.connecting && socket.remotePort !== undefined)
    return 'took the connection, but did not finish a TLS handshake (does this port speak TLS?)';
  return 'did not take a connection';
}

function start({ endpoint, tls, family, lookup }: SocketOptions): Socket {
  const { host, port } = endpoint;
  const address = { host, port, ...(family ? { family } : {}), ...(lookup ? { lookup } : {}) };
  const socket = tls
    ? connectTls({ ...address, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls })
    : connectTcp(address);
  socket.setNoDelay(true);
  return socket;
}
