import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startLoneRedis } from './lone-redis.ts';

const run = promisify(execFile);
const file = (name: string): string => path.join(import.meta.dirname, name);

/** What the program prints on a server of its own. */
async function seen(...flags: string[]): Promise<unknown> {
  const server = await startLoneRedis();
  try {
    const { stdout } = await run(process.execPath, [...flags, file('program.ts'), String(server.port)], {
      timeout: 20_000,
    });
    return JSON.parse(stdout);
  } finally {
    await server.stop();
  }
}

const expected = [
  true,
  'OK',
  [
    [null, 2],
    [null, '2'],
  ],
  [
    [null, 3],
    [null, '3'],
  ],
  {},
  ['ReplyError', 'rejected', 'ERR'],
  ['HaError', 'unknown', 'the'],
  'x',
  ['HaError', 'unknown', 'the'],
  [1, 1],
  ['NotDurableError', 'unknown', 'the'],
  ['1', null],
  2,
  4,
  [[null, 5]],
  true,
  1,
  ['queue', 'x'],
  '5',
  'OK',
  [['kept'], true],
  ['kept,1', 'kept,2'],
  null,
  1,
  ['news', 'x'],
  'OK',
  'OK',
  'OK',
];

it('a program sees the same on ioredis 6', async () => {
  expect(await seen()).toEqual(expected);
});

it('and on ioredis 5', async () => {
  expect(await seen('--import', file('with-ioredis-5.ts'))).toEqual(expected);
});
