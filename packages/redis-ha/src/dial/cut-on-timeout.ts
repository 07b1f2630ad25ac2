import { cutTcp } from '@steadfast/shared';
import type { Socket } from 'node:net';

/**
 * ioredis's `socketTimeout` destroys the socket of a link that has work on it, and the kernel would go on to deliver that: a write
 * would arrive after it was made anew on another link, and after others. So that socket is cut; ioredis hears of it as ever.
 */
export function cutOnTimeout(socket: Socket): Socket {
  const destroy = socket.destroy.bind(socket);
  return Object.assign(socket, {
    destroy(error?: Error): Socket {
      if (socket.destroyed || !error?.message.startsWith('Socket timeout.')) return destroy(error);
      cutTcp(socket);
      socket.emit('error', error);
      return socket;
    },
  });
}
