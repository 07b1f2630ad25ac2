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

  for (const name of [
    '_errorAllQueries',
    '_handleErrorMessage',
    '_handleNotice',
    '_pulseQueryQueue',
    '_pulsePipelinedQueryQueue',
    'query',
    'connect',
    'end',
  ]) {
    it(`Client.prototype.${name} is a method`, () => expect(client[name]).toBeTypeOf('function'));
  }
  it('a client holds its queue, what is active, whether it can be used, and the transaction status', () => {
    expect(client['_queryQueue']).toEqual([]);
    expect(client).toHaveProperty('_activeQuery');
    expect(client['_queryable']).toBe(true);
    expect(client['_ending']).toBe(false);
    expect(client).toHaveProperty('_txStatus');
    expect(client['_sentQueryQueue']).toEqual([]);
    expect(client['pipeline']).toBe(false);
    expect(client['connectionParameters']).toHaveProperty('host');
  });
  it('a query holds what has been answered of it', () => {
    const query = new pg.Query('SELECT 1') as unknown as { _result: object; _results: unknown };
    expect(query._result).toHaveProperty('command', null);
    expect(query._results).toBe(query._result);
  });
  it('its connection holds a socket that can be destroyed and counts its bytes', () => {
    expect(client.connection.stream['destroy']).toBeTypeOf('function');
    expect(client.connection.stream['bytesRead']).toBe(0);
  });
  it('a client holds what a cancel request names, and whether the server waits for it', () => {
    for (const name of ['processID', 'secretKey']) expect(client[name]).toBeNull();
    expect(client['ssl']).toBe(false);
  });
  for (const name of [
    'prepare',
    'requiresPreparation',
    'handleCommandComplete',
    'handleError',
    'handleReadyForQuery',
  ]) {
    it(`Query.prototype.${name} is a method`, () => expect(pg.Query.prototype).toHaveProperty(name));
  }
  for (const name of ['parse', 'bind', 'execute', 'connect', 'requestSsl', 'cancel', 'attachListeners']) {
    it(`Connection.prototype.${name} is a method`, () =>
      expect(pg.Connection.prototype).toHaveProperty(name));
  }
  it('a pool holds its clients, the idle ones and who is queued', () => {
    for (const name of ['_clients', '_idle', '_pendingQueue']) expect(pool[name]).toEqual([]);
    expect(pool['_expired']).toBeInstanceOf(WeakSet);
    for (const name of ['_remove', '_pulseQueue']) expect(pool[name]).toBeTypeOf('function');
  });
});
