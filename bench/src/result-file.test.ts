import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleResult } from './example-result.ts';
import { readResult, wrongResult } from './result-file.ts';

/** The example with one value changed, by its path. */
function withValue(at: readonly (string | number)[], value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(exampleResult())) as Record<string | number, unknown>;
  let place = copy;
  for (const key of at.slice(0, -1)) place = place[key] as Record<string | number, unknown>;
  place[at.at(-1) ?? ''] = value;
  return copy;
}

describe('wrongResult', () => {
  it('takes what a run leaves behind', () => {
    expect(wrongResult(exampleResult())).toBeUndefined();
    expect(wrongResult(JSON.parse(JSON.stringify(exampleResult())))).toBeUndefined();
  });

  it.each([
    [['schema'], 2, 'schema is 2; allowed: 1'],
    [['machine', 'cores'], '2', 'machine.cores is not a number'],
    [['durationMs'], Number.NaN, 'durationMs is not a number'],
    [['versions', 'node'], 24, 'versions.node is not a text'],
    [['targets'], {}, 'targets is not a list'],
    [['targets', 1, 'library'], 'mysql', 'targets[1].library is "mysql"; allowed: pg, redis'],
    [
      ['targets', 0, 'deployment'],
      'cloud',
      'targets[0].deployment is "cloud"; allowed: postgres-self-managed, postgres-hybrid, postgres-managed, redis-sentinel, redis-managed',
    ],
    [
      ['measurements', 0, 'loop'],
      { kind: 'burst' },
      'measurements[0].loop.kind is "burst"; allowed: open, closed, search',
    ],
    [['measurements', 0, 'loop'], { kind: 'open' }, 'measurements[0].loop.perSecond is not a number'],
    [
      ['measurements', 2, 'latency', 'curve', 3],
      [1],
      'measurements[2].latency.curve[3] is not a pair of numbers',
    ],
    [['measurements', 0, 'byKind', 'x'], undefined, undefined],
    [['failovers', 0, 'clientWindowMs'], undefined, undefined],
    [['noise', 'tooNoisy'], 'no', 'noise.tooNoisy is not true or false'],
    [['notes', 0], undefined, 'notes[0] is not a text'],
  ] as const)('of %j = %j says: %s', (at, value, said) => {
    expect(wrongResult(withValue(at, value))).toBe(
      at.at(-1) === 'x' ? 'measurements[0].byKind.x is not an object' : said,
    );
  });

  it.each([null, undefined, [], 'x', 1])('of %j says that it is not an object', (value) => {
    expect(wrongResult(value)).toBe('it is not an object');
  });
});

describe('readResult', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'steadfast-result-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a result, and names the file and the fault of what is none', async () => {
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const good = await write('good.json', JSON.stringify(exampleResult()));
    await expect(readResult(good)).resolves.toEqual(JSON.parse(JSON.stringify(exampleResult())));
    await expect(readResult(await write('half.json', '{"schema":1'))).rejects.toThrow(
      /half\.json .* not JSON/,
    );
    await expect(readResult(await write('other.json', '{}'))).rejects.toThrow(
      /other\.json .* schema is undefined/,
    );
    await expect(readResult(path.join(folder, 'none.json'))).rejects.toThrow(
      /none\.json cannot be read: ENOENT/,
    );
  });
});
