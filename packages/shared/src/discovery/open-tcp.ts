import { connect as connectTcp, type Socket, type TcpNetConnectOpts } from 'node:net';
import type { Clock, Instant, Timer } from '../runtime/clock.ts';

export interface OpenTcpOptions {
  address: TcpNetConnectOpts;
  clock: Clock;
  /** ends the attempt with its reason, and with it every socket */
  signal: AbortSignal;
  /** no company for a first attempt that hangs: others are under way for the same end */
  alone?: boolean | undefined;
  /** how a socket is made (default: node:net's) */
  connect?: (address: TcpNetConnectOpts) => Socket;
}

/** A first attempt that hangs for so long gets company, ms. */
const ALONE_MS = 100;

/** How often a silent server is knocked at anew from then on, ms. */
const KNOCK_MS = 25;

/** For how long each knock stands beside the first attempt at most, ms. */
const STANDING_MS = 100;

/** So many are knocked at that often; where there are more, each of them less often. */
const AT_FULL_PACE = 4;

/** A knock that is younger may be on its way yet, ms. */
const YOUNG_MS = 5;

/** Those of this process who knock; called when one of them has got an answer. */
const knocking = new Set<() => void>();

/**
 * Opens a TCP connection. Where the first packet is lost, the kernel sends it again after 1 s, 3 s, 7 s, and a way that heals
 * in between goes unnoticed. So beside a first attempt that hangs there are others, a new one every 25 ms in place of the
 * oldest; whichever gets an answer serves, or fails. No server has more than five for it, and one that is far away has all
 * the time that it needs for the first.
 *
 * Where many servers are silent it is likely our own way that is cut, and heals for all of them at once: a process knocks no
 * more often than at four of them, and when one answers, at all others at once.
 * @throws the socket's own error, or the reason of `signal`
 */
export function openTcp({
  address,
  clock,
  signal,
  alone = false,
  connect = connectTcp,
}: OpenTcpOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    let timer: Timer | undefined;
    let knockedAt: Instant = -Infinity;
    const settle = (error: Error | undefined, winner?: Socket): void => {
      timer?.cancel();
      const knocked = knocking.delete(onAnswer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of [first, ...beside]) if (socket !== winner) socket.destroy();
      if (winner) resolve(winner);
      else reject(error as Error);
      if (knocked && !signal.aborted) for (const tell of [...knocking]) tell();
    };
    const onAbort = (): void => settle(signal.reason as Error);
    const knock = (): Socket => {
      const socket = connect(address);
      socket.setNoDelay(true);
      socket.once('connect', () => settle(undefined, socket));
      // This listener stays for the socket's life: an error that nobody hears would end the process.
      socket.on('error', (error) => settle(error));
      return socket;
    };
    const onAnswer = (): void => {
      if (clock.now() - knockedAt >= YOUNG_MS) again();
    };
    const again = (): void => {
      knocking.add(onAnswer);
      knockedAt = clock.now();
      const everyMs = KNOCK_MS * Math.max(1, knocking.size / AT_FULL_PACE);
      const most = Math.max(1, Math.floor(STANDING_MS / everyMs));
      while (beside.length >= most) beside.shift()?.destroy();
      beside.push(knock());
      timer?.cancel();
      timer = clock.timer(everyMs, again);
    };
    const beside: Socket[] = [];
    const first = knock();
    if (!alone) timer = clock.timer(ALONE_MS, again);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
