import { getEventListeners } from 'node:events';
import { Deadline, HaError } from '@steadfast/shared';
import { ManualClock } from '@steadfast/shared/testing';
import type { PoolClient } from 'pg';
import { describe, expect, it } from 'vitest';
import type { LeaseRequest } from '../pool/lease.ts';
import type { PoolCore } from '../pool/pool-core.ts';
import {
  commitWithProof,
  createProofTable,
  PROOF_TABLE_SQL,
  resolveCommit,
  rolledBack,
  sweepProofs,
} from './commit-proof.ts';

const lost = new Error('the answer was lost');
const fromServer = (code: string): Error => Object.assign(new Error(code), { code, severity: 'ERROR' });

/** One answer after the other, an Error being thrown; and what was asked and done. */
function client(...answers: unknown[]): { client: PoolClient; done: string[] } {
  const done: string[] = [];
  const query = (sql: string): Promise<unknown> => {
    done.push(sql.replaceAll(/\s+/g, ' '));
    const answer = answers.shift();
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const release = (error?: Error): void => void done.push(error ? `released: ${error.message}` : 'released');
  const abandon = (): void => void done.push('cut');
  return { client: { query, release, abandon } as unknown as PoolClient, done };
}

interface Setup {
  clock: ManualClock;
  core: PoolCore;
  suspected: string[];
}

function setup(one: PoolClient, confirmed: () => Promise<void> = () => Promise.resolve()): Setup {
  const clock = new ManualClock();
  const suspected: string[] = [];
  const monitor = { whenConfirmed: confirmed, suspect: (sign: string) => suspected.push(sign) };
  const servers = { lease: (request: LeaseRequest) => request.granted(one) };
  const core = { clock, monitor, servers, random: { next: () => 0.5 } } as unknown as PoolCore;
  return { clock, core, suspected };
}

const PROOF = { table: 'app.steadfast_commit_proof', token: 'a-token' };
const CLAIM =
  "INSERT INTO app.steadfast_commit_proof AS proof (token, kind) VALUES ('a-token', 'claim') ON CONFLICT (token) DO UPDATE SET kind = proof.kind RETURNING kind";

describe('a lost COMMIT', () => {
  const resolve = ({ clock, core }: Setup, signal?: AbortSignal): Promise<boolean> =>
    resolveCommit(core, PROOF, lost, Deadline.after(clock, 1_000), signal);

  it.each([
    ['has been committed where its proof is there', [{ kind: 'commit' }], true],
    ['never will be where the claim is there', [{ kind: 'claim' }], false],
    ['is not said to be committed by an answer that says nothing', [], false],
  ])('%s', async (_says, rows, committed) => {
    const { client: one, done } = client({ rows });
    expect(await resolve(setup(one))).toBe(committed);
    expect(done).toEqual([CLAIM, 'released']);
  });

  it('is asked about again where the claim fails, on a fresh connection and after a pause', async () => {
    const { client: one, done } = client(new Error('reset'), { rows: [{ kind: 'commit' }] });
    const held = setup(one);
    const resolved = resolve(held);
    await held.clock.advance(5);
    expect(await resolved).toBe(true);
    expect(done).toEqual([CLAIM, 'released: reset', CLAIM, 'released']);
    expect(held.suspected).toEqual(['reset']);
  });

  it('is left open at the deadline, however often the claim fails', async () => {
    const { client: one, done } = client(...Array.from({ length: 1_000 }, () => new Error('reset')));
    const held = setup(one);
    const resolved = expect(resolve(held)).rejects.toMatchObject({
      code: 'HA_COMMIT_UNRESOLVED',
      message: 'the answer to COMMIT was lost, and it could not be resolved within 1000 ms',
      outcome: 'unknown',
      cause: lost,
    });
    await held.clock.advance(1_000);
    await resolved;
    expect(done.length).toBeLessThan(40); // the pauses grow
  });

  it('is left open where the caller has gone, and nothing is asked', async () => {
    const { client: one, done } = client();
    await expect(resolve(setup(one), AbortSignal.abort())).rejects.toMatchObject({
      code: 'HA_COMMIT_UNRESOLVED',
    });
    expect(done).toEqual([]);
  });

  describe('whose claim waits for a backend that is still committing', () => {
    const open = (): { held: Setup; done: string[]; answer: (kind: string) => void } => {
      let answer: (kind: string) => void = () => undefined;
      const rows = new Promise((give) => (answer = (kind) => give({ rows: [{ kind }] })));
      const { client: one, done } = client(rows);
      return { held: setup(one), done, answer: (kind) => answer(kind) };
    };

    it('is waited for, on the one connection', async () => {
      const { held, done, answer } = open();
      const resolved = resolve(held);
      await held.clock.advance(999);
      answer('commit');
      expect(await resolved).toBe(true);
      expect(done).toEqual([CLAIM, 'released']);
    });

    it('is left open at the deadline, and the connection is cut off', async () => {
      const { held, done } = open();
      const resolved = expect(resolve(held)).rejects.toMatchObject({ code: 'HA_COMMIT_UNRESOLVED' });
      await held.clock.advance(1_000);
      await resolved;
      expect(done).toEqual([CLAIM, 'cut']);
    });

    it('is left open when the caller goes, and the connection is cut off', async () => {
      const { held, done } = open();
      const caller = new AbortController();
      const resolved = expect(resolve(held, caller.signal)).rejects.toMatchObject({
        code: 'HA_COMMIT_UNRESOLVED',
      });
      await held.clock.advance(1);
      caller.abort();
      await resolved;
      expect(done).toEqual([CLAIM, 'cut']);
    });
  });

  it('is left open at once when the caller goes between two claims', async () => {
    const { client: one, done } = client(new Error('reset'));
    const held = setup(one);
    const caller = new AbortController();
    const resolved = expect(resolve(held, caller.signal)).rejects.toMatchObject({
      code: 'HA_COMMIT_UNRESOLVED',
    });
    await held.clock.advance(0);
    caller.abort();
    await resolved;
    expect(done).toEqual([CLAIM, 'released: reset']);
    expect(held.clock.now()).toBe(0);
  });

  it('leaves neither a timer nor anything on the caller’s signal behind', async () => {
    const held = setup(client(new Error('reset'), { rows: [{ kind: 'commit' }] }).client);
    const { signal } = new AbortController();
    const resolved = resolve(held, signal);
    await held.clock.advance(5);
    expect(await resolved).toBe(true);
    expect(held.clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is given up at once where the pool has been ended', async () => {
    const closed = new HaError('HA_CLOSED', 'the pool has been ended', { outcome: 'notSent' });
    const held = setup(client().client, () => Promise.reject(closed));
    await expect(resolve(held)).rejects.toMatchObject({
      code: 'HA_COMMIT_UNRESOLVED',
      message: expect.stringContaining('before the pool was ended'),
      outcome: 'unknown',
      cause: lost,
    });
    expect(held.clock.now()).toBe(0);
  });
});

describe('COMMIT with a proof', () => {
  it('sends both in one message', async () => {
    const { client: one, done } = client({});
    await commitWithProof(one, PROOF);
    expect(done).toEqual([
      "INSERT INTO app.steadfast_commit_proof (token, kind) VALUES ('a-token', 'commit'); COMMIT",
    ]);
  });

  it('says that a transaction in which a statement had failed was rolled back, and passes on any other error', async () => {
    const failed = fromServer('25P02');
    await expect(commitWithProof(client(failed).client, PROOF)).rejects.toMatchObject({
      code: 'HA_ROLLED_BACK',
      outcome: 'rejected',
      cause: failed,
    });
    const other = fromServer('40001');
    await expect(commitWithProof(client(other).client, PROOF)).rejects.toBe(other);
    expect(rolledBack().message).toMatch(/^COMMIT was answered with ROLLBACK/);
  });
});

describe('the table of proofs', () => {
  it('is made by its own statement', async () => {
    const { client: one, done } = client({});
    await createProofTable(one);
    expect(done).toEqual([PROOF_TABLE_SQL.replaceAll(/\s+/g, ' ')]);
    expect(PROOF_TABLE_SQL).toMatch(
      /^CREATE TABLE IF NOT EXISTS steadfast_commit_proof \(\n {2}token uuid PRIMARY KEY/,
    );
  });

  it('is swept of what is older than a day, or than was said', async () => {
    const { client: one, done } = client({}, {});
    await sweepProofs(one);
    await sweepProofs(one, 3_600_000);
    expect(done).toEqual(
      [86_400_000, 3_600_000].map(
        (ms) => `DELETE FROM steadfast_commit_proof WHERE at < now() - interval '${ms} milliseconds'`,
      ),
    );
  });

  it.each([3_599_999, Number.NaN, Infinity, '1 day' as unknown as number])(
    'is not swept of what may still be needed: %s',
    async (ms) => {
      const { client: one, done } = client({});
      await expect(sweepProofs(one, ms)).rejects.toMatchObject({
        code: 'HA_CONFIG',
        message: `maxAgeMs is ${ms}; allowed: at least 3600000`,
        outcome: 'notSent',
      });
      expect(done).toEqual([]);
    },
  );
});
