import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { LabError } from '../errors.ts';
import { eventually } from '../process/wait.ts';

const LOCK_TIMEOUT_MS = 60_000;

/**
 * One process at a time, on the whole machine. An abstract socket is the lock: the kernel lets go of it when its
 * holder is killed, so that none is ever left behind.
 */
export async function withMachineLock<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  const path = `\0steadfast-lab-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
  const server = await eventually(`lock '${name}'`, LOCK_TIMEOUT_MS, () => listen(path), 50);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause) => reject(new LabError('another process holds it', { cause })));
    server.listen(path, () => resolve(server));
  });
}
