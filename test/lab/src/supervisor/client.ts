import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { paths } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import type { SupervisorCall, SupervisorCalls, SupervisorReply } from './messages.ts';

const CALL_TIMEOUT_MS = 10_000;

/** Asks the lab's supervisor for something; one connection a call, since calls are few. */
export function supervisorCall<Call extends SupervisorCall>(
  dir: string,
  call: Call,
  ...args: SupervisorCalls[Call]['args']
): Promise<SupervisorCalls[Call]['result']> {
  return new Promise((resolve, reject) => {
    const socket = connect(paths.supervisorSocket(dir));
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const fail = (why: string): void => finish(() => reject(new LabError(`supervisor, ${call}: ${why}`)));
    const timer = setTimeout(() => fail(`no answer within ${CALL_TIMEOUT_MS} ms`), CALL_TIMEOUT_MS);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the connection was closed'));
    createInterface(socket)
      .on('error', () => undefined)
      .on('line', (line) => {
        const reply = JSON.parse(line) as SupervisorReply;
        if ('error' in reply) fail(reply.error);
        else finish(() => resolve(reply.result as SupervisorCalls[Call]['result']));
      });
    socket.write(`${JSON.stringify({ id: 1, call, args })}\n`);
  });
}
