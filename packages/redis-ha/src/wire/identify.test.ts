import { isHaError } from '@steadfast/shared';
import { describe, expect, it } from 'vitest';
import { checkLogin } from './identify.ts';
import { ErrorReply } from './reply.ts';

const CREDENTIALS = { username: 'app', password: 'secret', setting: 'REDIS_PASSWORD' };
const ENDPOINT = { host: 'cache', port: 6379 };

function codeOf(message: string): string {
  try {
    checkLogin(new ErrorReply(message), CREDENTIALS, ENDPOINT);
    return 'content';
  } catch (error) {
    return isHaError(error) ? error.code : 'may be asked again';
  }
}

describe('an answer to AUTH', () => {
  it.each([
    ['WRONGPASS invalid username-password pair or user is disabled.', 'HA_AUTH'],
    ['ERR invalid password', 'HA_AUTH'],
    ['ERR Client sent AUTH, but no password is set', 'content'],
    ['ERR AUTH <password> called without any password configured for the default user.', 'content'],
    ['ERR max number of clients reached', 'may be asked again'],
    ['ERR max number of clients + cluster connections reached', 'may be asked again'],
  ])('%s: %s', (message, expected) => {
    expect(codeOf(message)).toBe(expected);
  });
});
