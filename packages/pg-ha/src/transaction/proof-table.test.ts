import type { PoolClient } from 'pg';
import { expect, it } from 'vitest';
import { ProofTable } from './proof-table.ts';

/** A session that finds the table by this name, or none; and how often it was asked. */
function session(name?: string): { client: PoolClient; asked: () => number } {
  let asked = 0;
  const query = (): Promise<unknown> => {
    asked += 1;
    return Promise.resolve({ rows: name === undefined ? [] : [{ name }] });
  };
  return { client: { query } as unknown as PoolClient, asked: () => asked };
}

it('the table of proofs is looked up once, and goes by its full name whatever path a session has later', async () => {
  const table = new ProofTable();
  const [first, other] = [session('public.steadfast_commit_proof'), session('tenant.steadfast_commit_proof')];
  expect(await table.nameOn(first.client)).toBe('public.steadfast_commit_proof');
  expect(await table.nameOn(other.client)).toBe('public.steadfast_commit_proof');
  expect([first.asked(), other.asked()]).toEqual([1, 0]);
  table.forget();
  expect(await table.nameOn(other.client)).toBe('tenant.steadfast_commit_proof');
});

it('a table that is not there goes by its short name, of which the server complains, and is looked for again', async () => {
  const table = new ProofTable();
  expect(await table.nameOn(session().client)).toBe('steadfast_commit_proof');
  expect(await table.nameOn(session('app.steadfast_commit_proof').client)).toBe('app.steadfast_commit_proof');
});
