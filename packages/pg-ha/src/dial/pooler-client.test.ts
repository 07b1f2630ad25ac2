import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HaClient } from './ha-client.ts';
import { PoolerClient } from './pooler-client.ts';

/** What reaches the client below, for a statement given to a pooler's client. */
function passedOn(...args: unknown[]): unknown[] {
  const below = vi.spyOn(HaClient.prototype, 'query').mockReturnValue(undefined as never);
  const client = new PoolerClient({}, {} as never);
  client.query(...args);
  return below.mock.calls[0] ?? [];
}
afterEach(() => vi.restoreAllMocks());

describe('a statement behind a pooler', () => {
  it('loses its name and nothing else, and the app’s own object keeps it', () => {
    const config = { name: 'find', text: 'SELECT $1', values: [1], rowMode: 'array' };
    const [sent, callback] = passedOn(config, 'callback');
    expect(sent).toMatchObject({ text: 'SELECT $1', values: [1], rowMode: 'array' });
    expect((sent as { name?: unknown }).name).toBeUndefined();
    expect([config.name, callback]).toEqual(['find', 'callback']);
  });

  it('may be an object whose text is computed', () => {
    class Statement {
      name = 'computed';
      get text(): string {
        return `SELECT '${this.constructor.name}'`;
      }
    }
    const [sent] = passedOn(new Statement()) as [pg.QueryConfig];
    expect([sent.text, sent.name]).toEqual(["SELECT 'Statement'", undefined]);
  });

  it('that runs itself stays itself', () => {
    const query = new pg.Query({ name: 'own', text: 'SELECT 1' });
    const [sent] = passedOn(query);
    expect(sent).toBe(query);
    expect((query as unknown as { name?: string }).name).toBeUndefined();
  });

  for (const plain of ['SELECT 1', { text: 'SELECT 1' }, { name: '', text: 'SELECT 1' }]) {
    it(`without a name goes on as it is: ${JSON.stringify(plain)}`, () => {
      expect(passedOn(plain)[0]).toBe(plain);
    });
  }
});
