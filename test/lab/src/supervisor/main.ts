import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { paths } from '../blueprint.ts';
import { reasonOf } from '../errors.ts';
import { readState } from '../state/state-file.ts';
import type { SupervisorReply, SupervisorRequest } from './messages.ts';
import { Supervisor } from './supervisor.ts';

// The supervisor's process: `main <folder of the lab>`.
const dir = process.argv[2] ?? '';
const state = readState(dir);
if (!state) throw new Error(`there is no lab in '${dir}'`);

const sockets = new Set<Socket>();
let supervisor: Supervisor | undefined;

async function end(): Promise<void> {
  // Once asked to end, it ends: what hangs is left behind.
  setTimeout(() => process.exit(1), 1_500).unref();
  await supervisor?.stop();
  process.exit(0);
}

async function answer(line: string): Promise<SupervisorReply> {
  const { id, call, args } = JSON.parse(line) as SupervisorRequest;
  try {
    const handlers = supervisor?.handlers as Record<string, (...args: unknown[]) => unknown> | undefined;
    const handler = handlers?.[call];
    if (!handler) throw new Error(`'${call}' is unknown`);
    return { id, result: await handler(...args) };
  } catch (error) {
    return { id, error: reasonOf(error) };
  }
}

supervisor = await Supervisor.start(state.blueprint, () => setImmediate(() => void end()));
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  createInterface(socket)
    .on('error', () => undefined)
    .on('line', (line) => {
      void answer(line).then((reply) => socket.write(`${JSON.stringify(reply)}\n`));
    });
});
const path = paths.supervisorSocket(dir);
rmSync(path, { force: true });
server.listen(path);
process.on('SIGTERM', () => void end());
