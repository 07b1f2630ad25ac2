import { isIP, type Socket } from 'node:net';
import pg from 'pg';
import { Deadline, sleep, type Clock } from '@steadfast/shared';
import { internals, type ClientInternals } from './client-internals.ts';
import { guardFrames, type Framed } from './frame-guard.ts';
import type { HaClient } from './ha-client.ts';

/** Within so much a cancelled connection must be clean again, or it is closed, ms. */
const CLEAN_MS = 1_000;
/** A request may overtake the statement it is meant for: where no answer comes within this, it is made again, ms. */
const AGAIN_MS = 250;

/** What pg.Connection has beyond its types. */
interface CancelConnection extends pg.Connection, Framed {
  readonly stream: Socket;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

/**
 * Ends what is on the wire of a connection from outside. Until the server has taken the request nothing else is sent on the
 * connection, so that the request can hit nothing else.
 * @returns true when the connection can serve others again: its statement has been answered, and no request is under way.
 * Otherwise the connection has been closed.
 */
export async function cancelStatement(client: HaClient, clock: Clock): Promise<boolean> {
  const deadline = Deadline.after(clock, CLEAN_MS);
  const inner = internals(client);
  const queue = holdQueue(inner);
  let taken = true;
  while (taken && inner._queryable && !queue.isAnswered() && !deadline.expired) {
    taken = await requestCancel(client, deadline, clock);
    if (taken) await Promise.race([queue.answered, sleep(clock, deadline.stepMs(AGAIN_MS))]);
  }
  // A pipeline cannot be held: what was sent behind the statement may be what the request has hit.
  const clean = taken && queue.isAnswered() && !inner.pipeline;
  if (!clean) {
    client.suspect('a statement could not be cancelled');
    client.interrupt();
  }
  queue.letGo(clean);
  return clean;
}

/**
 * The protocol's CancelRequest, over a connection of its own: to the very server that `client` leads to, with the same socket
 * factory and TLS settings. The server closes that connection when it has passed the request on.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 * @returns whether it was taken; never rejects
 */
export function requestCancel(client: HaClient, deadline: Deadline, clock: Clock): Promise<boolean> {
  const { host, port, processID, secretKey, ssl, sslNegotiation } = internals(client);
  if (processID === null || secretKey === null) return Promise.resolve(false);
  const address = client.address ?? host;
  const stream = client.socketFactory;
  // Dialled by address, verified by name.
  const named = { ...(ssl === true ? {} : ssl || {}), host, ...(isIP(host) === 0 && { servername: host }) };
  const config = { ssl: ssl ? named : false, sslNegotiation, stream } as pg.ConnectionConfig;
  const connection = new pg.Connection(config) as CancelConnection;
  guardFrames(connection);
  return new Promise((resolve) => {
    let sent = false;
    const end = (taken: boolean): void => {
      timer.cancel();
      connection.stream.destroy();
      resolve(taken);
    };
    const send = (): void => {
      sent = true;
      connection.cancel(processID, secretKey);
    };
    const timer = clock.timer(deadline.remainingMs, () => end(false), { background: true });
    connection.on('error', () => end(false));
    connection.on('end', () => end(sent));
    connection.on('sslconnect', send);
    connection.on('connect', () => {
      if (!ssl) send();
      else if (sslNegotiation !== 'direct') connection.requestSsl();
    });
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
    else connection.connect(port, address);
  });
}

interface HeldQueue {
  /** resolves when the server is ready for the next statement, or the link has ended */
  readonly answered: Promise<void>;
  isAnswered(): boolean;
  /** what is queued is sent where the connection is clean */
  letGo(clean: boolean): void;
}

/** Keeps pg from sending the next statement. pg pulses its queue at every ReadyForQuery, which tells us of the answer too. */
function holdQueue(inner: ClientInternals): HeldQueue {
  let tell: () => void;
  const answered = new Promise<void>((resolve) => (tell = resolve));
  const isAnswered = (): boolean => inner.readyForQuery === true && inner._queryable;
  const look = (): void => {
    if (isAnswered() || !inner._queryable) tell();
  };
  inner._pulseQueryQueue = look;
  look();
  return {
    answered,
    isAnswered,
    letGo: (clean) => {
      delete (inner as Partial<ClientInternals>)._pulseQueryQueue; // the prototype's own shows again
      if (clean) inner._pulseQueryQueue();
    },
  };
}
