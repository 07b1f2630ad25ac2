import { connect } from 'node:net';
import { BALANCER, type Blueprint } from '../blueprint.ts';
import { LabError } from '../errors.ts';
import { haproxyAdminSocket } from '../servers/haproxy.ts';

const TIMEOUT_MS = 2_000;

/** One line of HAProxy's runtime API; an answer with text is a refusal. https://docs.haproxy.org/2.6/management.html#9.3 */
export function haproxyCommand(blueprint: Blueprint, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(haproxyAdminSocket(blueprint));
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new LabError(`HAProxy on ${BALANCER}, '${line}': ${why}`));
    };
    const timer = setTimeout(() => fail(`no answer within ${TIMEOUT_MS} ms`), TIMEOUT_MS);
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', (error) => fail(error.message));
    socket.on('end', () => {
      if (answer.trim() !== '') return fail(answer.trim());
      clearTimeout(timer);
      resolve();
    });
    socket.write(`${line}\n`);
  });
}
