import pg from 'pg';
import { describe, expect, it } from 'vitest';

/**
 * pg-ha reads and overrides parts of pg and pg-pool that are not in their types. If an upgrade moves one of them, this is
 * where it shows, and not in a failover.
 */
describe(`the internals of pg that pg-ha relies on`, () => {
  const client = new pg.Client() as unknown as Record<string, unknown> & {
    connection: { stream: Record<string, unknown> };
  };
  const pool = new pg.Pool() as unknown as Record<string, unknown>;

  for (const name of ['_errorAllQueries', '_handleErrorMessage', 'query', 'connect', 'end']) {
    it(`Client.prototype.${name} is a method`, () => expect(client[name]).toBeTypeOf('function'));
  }
  it('a client holds its queue, what is active, whether it can be used, and the transaction status', () => {
    expect(client['_queryQueue']).toEqual([]);
    expect(client).toHaveProperty('_activeQuery');
    expect(client['_queryable']).toBe(true);
    expect(client['_ending']).toBe(false);
    expect(client).toHaveProperty('_txStatus');
    expect(client['connectionParameters']).toHaveProperty('host');
  });
  it('its connection holds a socket that can be destroyed and counts its bytes', () => {
    expect(client.connection.stream['destroy']).toBeTypeOf('function');
    expect(client.connection.stream['bytesRead']).toBe(0);
  });
  it('a pool holds its clients, the idle ones and who is queued', () => {
    for (const name of ['_clients', '_idle', '_pendingQueue']) expect(pool[name]).toEqual([]);
    for (const name of ['_remove', '_pulseQueue']) expect(pool[name]).toBeTypeOf('function');
  });
});
