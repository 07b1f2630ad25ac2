import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTarget } from '../targets/parse-target.ts';
import type { Failovers } from './failovers.ts';
import { ownFailovers } from './own-failovers.ts';

const out = mkdtempSync(join(tmpdir(), 'steadfast-failovers-'));
afterAll(() => rmSync(out, { recursive: true }));
const DATA = 'steadfast_bench_00000000';

function failoversOf(...specs: string[]): Failovers {
  const options = { failoverCommand: 'true', failoverAfterMs: 1_000, out };
  return ownFailovers(specs.map(parseTarget), options, DATA, new AbortController().signal);
}

describe('own failovers', () => {
  it('say what they make and remove', () => {
    expect(failoversOf('a=postgres://h/d', 'b=redis://h').touches).toEqual([
      `on a: makes and removes schema ${DATA}_failover, and runs its failover command`,
      `on b: makes and removes keys *${DATA}:failover*, and runs its failover command`,
    ]);
  });

  const provider = 'sslmode=require&strategy=managed&PG_HA_PROVIDER=digitalocean';

  it.each([
    'h/d?PG_HA_POOLER=1',
    'h/d?PG_HA_POOLER=yes',
    'h/d?PG_HA_POOLER=on',
    'h/d?PG_HA_POOLER=true',
    `h:25061/d?${provider}`,
  ])('are refused behind a pooler: %s', (url) => {
    expect(() => failoversOf(`a=postgres://${url}`)).toThrow(
      /target 'a' is to fail over; allowed: .* no pooler/,
    );
  });

  it.each(['h/d?PG_HA_POOLER=no', `h:25060/d?${provider}`])('are made where there is none: %s', (url) => {
    expect(failoversOf(`a=postgres://${url}`).touches).toHaveLength(1);
  });

  it('remove what was made before they failed, name it where they cannot, and keep the first error', async () => {
    const gone = 'a=postgres://127.0.0.1:1/d?PG_HA_FAILOVER_WAIT_MS=100';
    const failed: string[] = [];
    const notes: string[] = [];
    const results = await failoversOf(gone).run({
      say: () => undefined,
      failed: (what, error) => void failed.push(`${what}: ${(error as Error).message}`),
      note: (line) => void notes.push(line),
    });
    expect(results).toEqual([]);
    expect(failed).toEqual([expect.stringMatching(/^failover of a, not measured: /)]);
    expect(notes).toEqual([expect.stringMatching(`^Not removed from a: schema ${DATA}_failover .*by hand`)]);
  });
});
