import { Command } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { DriverCommand } from './command.ts';
import { declareSafe, isRead, isSafeToRepeat } from './idempotence.ts';

function command(text: string): DriverCommand {
  const [name = '', ...args] = text.split(' ');
  return new Command(name, args) as unknown as DriverCommand;
}

const SAFE = [
  ...[
    'get k',
    'GET k',
    'mget a b',
    'zscore z m',
    'xrange s - +',
    'hgetall h',
    'scan 0',
    'eval_ro s 0',
    'pfcount k',
  ],
  ...['set k v', 'SET k v', 'set k v EXAT 1900000000', 'mset a 1 b 2', 'del k', 'unlink k', 'persist k'],
  ...['expireat k 1900000000', 'pexpireat k 1900000000000', 'hset h f v', 'hdel h f', 'sadd s m', 'srem s m'],
  ...[
    'zadd z 1 m',
    'zrem z m',
    'zremrangebyscore z 0 1',
    'setbit k 1 1',
    'pfadd k a',
    'geoadd g 1 2 m',
    'xack s g 1-1',
  ],
  ...[
    'ping',
    'time',
    'subscribe c',
    'client setname x',
    'client SETNAME x',
    'config get maxmemory',
    'script load x',
  ],
  ...['getname', 'setinfo lib-name x', 'id', 'info', 'list', 'no-evict on', 'no-touch on'].map(
    (words) => `client ${words}`,
  ),
  ...['script exists x', 'memory usage k', 'memory stats', 'memory doctor'],
];

const UNSAFE = [
  ...[
    'incr k',
    'INCR k',
    'incrby k 1',
    'append k v',
    'lpush l v',
    'rpush l v',
    'lpop l',
    'rpop l',
    'spop s',
    'getdel k',
  ],
  ...[
    'set k v NX',
    'set k v nx',
    'set k v XX',
    'set k v GET',
    'set k v EX 10',
    'set k v px 10',
    'set k v KEEPTTL',
  ],
  ...['IFEQ', 'IFNE', 'IFDEQ', 'IFDNE'].map((option) => `set k v ${option} x`),
  ...['NX', 'XX', 'GT', 'LT'].flatMap((option) => [
    `expireat k 1900000000 ${option}`,
    `pexpireat k 1900000000000 ${option}`,
  ]),
  ...['NX', 'XX', 'CH', 'GT', 'LT', 'INCR'].map((option) => `zadd z ${option} 1 m`),
  ...['NX', 'XX', 'CH'].map((option) => `geoadd g ${option} 1 2 m`),
  ...['memory purge', 'memory', 'client', 'config resetstat'],
  ...['setex k 10 v', 'setnx k v', 'expire k 10', 'getset k v', 'getex k EX 1'],
  ...['zincrby z 1 m', 'zpopmin z', 'hincrby h f 1'],
  ...[
    'xadd s * f v',
    'xreadgroup group g c streams s >',
    'eval s 0',
    'evalsha x 0',
    'fcall f 0',
    'publish c m',
    'multi',
    'exec',
  ],
  ...[
    'wait 1 100',
    'waitaof 1 1 100',
    'rename a b',
    'blpop l 1',
    'config set maxmemory 1',
    'client kill x',
    'nosuchcommand k',
  ],
  ...[
    'zremrangebyrank z 0 1',
    'ltrim l 1 -1',
    'lset l 0 v',
    'copy a b',
    'move k 1',
    'sort k',
    'script flush',
  ],
];

describe('sending a command again', () => {
  it.each(SAFE)('changes nothing: %s', (text) => {
    expect(isSafeToRepeat(command(text))).toBe(true);
  });

  it.each(UNSAFE)('may change something: %s', (text) => {
    expect(isSafeToRepeat(command(text))).toBe(false);
  });

  it('takes data for data, and not for an option', () => {
    expect(isSafeToRepeat(command('set NX EX'))).toBe(true);
    expect(isSafeToRepeat(command(`set k ${'x'.repeat(64)}`))).toBe(true);
  });

  it('takes numbers, nothing and long Buffers for data, too', () => {
    const set = (...args: unknown[]): DriverCommand => ({ name: 'set', args }) as unknown as DriverCommand;
    for (const value of [5, null, undefined, Buffer.alloc(64)]) {
      expect(isSafeToRepeat(set('k', value))).toBe(true);
      expect(isSafeToRepeat(set('k', 'v', value))).toBe(true);
      expect(isSafeToRepeat(set('k', value, 'NX'))).toBe(false);
    }
  });

  it('sees options that come as buffers', () => {
    const given = new Command('set', ['k', 'v', Buffer.from('nx')]) as unknown as DriverCommand;
    expect(isSafeToRepeat(given)).toBe(false);
  });

  it('is safe for what carries its own proof, and for that alone', () => {
    const [proven, plain] = [command('evalsha x 0'), command('evalsha x 0')];
    declareSafe(proven);
    expect([isSafeToRepeat(proven), isSafeToRepeat(plain)]).toEqual([true, false]);
  });

  it('is safe for a script that was defined as read-only', () => {
    const script = new Command('evalsha', ['x', '0'], { readOnly: true }) as unknown as DriverCommand;
    expect(isRead(script)).toBe(true);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'knows no command %s, whatever objects may have',
    (name) => {
      expect(isSafeToRepeat({ name, args: [] } as unknown as DriverCommand)).toBe(false);
    },
  );
});
