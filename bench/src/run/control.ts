import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

const CALLERS = 8;
const MEASURE_MS = 300;

/** The same small work each time, which no target has a part in: messages echoed over loopback. Resolves with how many a second. */
export async function control(): Promise<number> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const until = performance.now() + MEASURE_MS;
    const counts = await Promise.all(Array.from({ length: CALLERS }, () => echo(port, until)));
    return (counts.reduce((sum, count) => sum + count, 0) * 1_000) / MEASURE_MS;
  } finally {
    server.close();
  }
}

async function echo(port: number, until: number): Promise<number> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  let count = 0;
  while (performance.now() < until) {
    socket.write('ping');
    await once(socket, 'data');
    count += 1;
  }
  socket.destroy();
  return count;
}
