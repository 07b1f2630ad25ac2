import { describe, expect, it } from 'vitest';
import type { DriverCommand } from './command.ts';
import { awaitsReplicas, classifyReply, isByRole, saysReplica } from './error-reply.ts';

const command = (name: string): DriverCommand => ({ name }) as DriverCommand;

describe('an error reply', () => {
  it.each([
    ["READONLY You can't write against a read only replica.", true, true],
    ['LOADING Redis is loading the dataset in memory', true, false],
    ['MASTERDOWN Link with MASTER is down', true, true],
    ['TRYAGAIN Multiple keys request during rehashing of slot', true, false],
    ['CLUSTERDOWN The cluster is down', true, false],
    ['UNBLOCKED force unblock from blocking operation, instance state changed', true, false],
    ['UNBLOCKED client unblocked via CLIENT UNBLOCK', false, false],
    ['ERR READONLY is only a word here', false, false],
    ['WRONGTYPE Operation against a key', false, false],
    ['NOREPLICAS Not enough good replicas to write.', false, false],
    ['READONLYX', false, false],
  ])('%s: by role %s, says replica %s', (message, byRole, replica) => {
    const error = new Error(message);
    expect([isByRole(error), saysReplica(error)]).toEqual([byRole, replica]);
  });

  it.each([
    ['NOREPLICAS Not enough good replicas to write.', 9_000, true],
    ['NOREPLICAS Not enough good replicas to write.', 11_000, false],
    ['READONLY of a replica', 0, false],
  ])('%s, %i ms after the link was made: replicas may still come %s', (message, linkedMs, may) => {
    expect(awaitsReplicas(new Error(message), linkedMs)).toBe(may);
  });

  it.each([
    ['incr', 'ERR value is not an integer or out of range', 'rejected'],
    ['eval', 'NOSCRIPT No matching script', 'rejected'],
    ['evalsha', 'OOM command not allowed', 'rejected'],
    ['eval', 'WRONGTYPE Operation against a key script: abc, on @user_script:1.', 'unknown'],
    ['FCALL', 'ERR wrong type script: f, on @user_function:1.', 'unknown'],
    ['eval', 'WRONGTYPE Operation against a key holding the wrong kind of value', 'unknown'],
    ['eval', 'ERR value is not an integer or out of range', 'unknown'],
    ['evalsha', 'LIMIT over', 'unknown'],
    ['eval', 'NOPERM ACL failure in script: no permissions to run it', 'unknown'],
    ['eval', "NOPERM User app has no permissions to run the 'eval' command", 'rejected'],
    ['eval', 'ERR Error compiling script (new function): user_script:1: unexpected symbol', 'rejected'],
    ['eval', "ERR wrong number of arguments for 'eval' command", 'rejected'],
    ['fcall', 'ERR Function not found', 'rejected'],
    ['eval', 'LIMIT said ERR unknown command', 'unknown'],
    ['migrate', 'IOERR error or timeout reading to target instance', 'unknown'],
    ['migrate', 'ERR Syntax error, try CLIENT (LIST | KILL)', 'rejected'],
  ])('%s: %s is %s', (name, message, outcome) => {
    expect(classifyReply(new Error(message), command(name)).outcome).toBe(outcome);
  });

  describe.each(['eval', 'evalsha', 'eval_ro', 'evalsha_ro', 'fcall', 'fcall_ro'])('to %s', (name) => {
    const outcomeOf = (message: string): string => classifyReply(new Error(message), command(name)).outcome;

    it.each(['NOAUTH', 'BUSY', 'NOREPLICAS', 'MISCONF', 'CROSSSLOT', 'MOVED', 'ASK', 'CLUSTERDOWN'])(
      '%s comes before the script begins',
      (prefix) => {
        expect(outcomeOf(`${prefix} x`)).toBe('rejected');
      },
    );

    it('leaves open what the script did before, in all other cases', () => {
      expect(outcomeOf('ERR x')).toBe('unknown');
    });
  });
});
