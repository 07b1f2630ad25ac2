import { connect } from 'node:net';
import { finished } from 'node:stream/promises';

/** A command on a connection of its own. */
export async function rawCommand(port: number, command: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end(`${command}\r\n`);
  await finished(socket.resume());
}
